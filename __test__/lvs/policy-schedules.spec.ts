/** Whatever happens, in whatever order: the kernel has what the states come to, no service is emptied without need, nothing is told twice. */
import * as fc from 'fast-check'
import test from 'ava'
import { KaError } from '../../src/errors.ts'
import type { ServerChange } from '../../src/lvs/server-change.ts'
import { HandCheckers } from './hand-checkers.ts'
import type { HandChecker } from './hand-checkers.ts'
import { configOf, Scene, settle } from './scene.ts'

const ADDRESSES = ['10.0.2.1', '10.0.2.2', '10.0.2.3'] as const

/** Virtual servers that a configuration may have. The second one and the third are one service; groups may have it too. */
const HEADERS = ['group G', '10.0.1.1 80', '10.0.1.1 80', '10.0.1.2 80', 'group G', 'group H'] as const
const TWINS = [1, 2] as const
/** This one is UDP. */
const UDP = 4

const MEMBERS = ['10.0.1.9 80', 'fwmark 3', '10.0.1.1 80', '10.0.1.2-3 80', '10.0.1.2 81'] as const
/** Addresses that `ha_suspend` may wait for. */
const WAITED_FOR = ['10.0.1.1', '10.0.1.2', '10.0.1.9'] as const

/** What a virtual server may be like. */
interface Shape {
  readonly quorum: number
  readonly hysteresis: number
  readonly hasSorry: boolean
  readonly isSorryInhibited: boolean
  readonly isInhibited: boolean
  readonly isAlpha: boolean
  readonly isMailed: boolean
  readonly waits: boolean
  readonly scheduler: string
  readonly servers: readonly { readonly number: number; readonly weight: number; readonly isScripted: boolean; readonly retry: number }[]
}

/** What a configuration may be like. */
interface Model {
  /** By their headers. */
  readonly virtualServers: readonly (Shape | undefined)[]
  readonly groups: readonly (readonly number[])[]
  readonly isQuiet: boolean
  /** The last ones come first. */
  readonly isReversed: boolean
}

const shape: fc.Arbitrary<Shape> = fc.record({
  quorum: fc.integer({ min: 1, max: 4 }),
  hysteresis: fc.integer({ min: 0, max: 2 }),
  hasSorry: fc.boolean(),
  isSorryInhibited: fc.boolean(),
  isInhibited: fc.boolean(),
  isAlpha: fc.boolean(),
  isMailed: fc.boolean(),
  waits: fc.boolean(),
  scheduler: fc.constantFrom('rr', 'wlc'),
  servers: fc.uniqueArray(
    fc.record({
      number: fc.integer({ min: 0, max: 2 }),
      weight: fc.integer({ min: 0, max: 3 }),
      isScripted: fc.boolean(),
      retry: fc.integer({ min: 0, max: 1 }),
    }),
    { minLength: 1, maxLength: 3, selector: ({ number }) => number },
  ),
})

const members = fc.uniqueArray(fc.nat({ max: MEMBERS.length - 1 }), { minLength: 1, maxLength: 3 })
const anyServers = fc.tuple(...HEADERS.map(() => fc.option(shape, { nil: undefined, freq: 2 })))
const models: fc.Arbitrary<Model> = fc.record({
  virtualServers: anyServers,
  groups: fc.tuple(members, members),
  isQuiet: fc.boolean(),
  isReversed: fc.boolean(),
})

/** What a reload changes of the configuration. */
const edits = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('one' as const),
      place: fc.nat({ max: HEADERS.length - 1 }),
      shape: fc.option(shape, { nil: undefined, freq: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('group' as const), place: fc.nat({ max: 1 }), members }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('all' as const), model: models }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('nothing' as const, 'order' as const, 'quiet' as const) }) },
)
type Edit = typeof edits extends fc.Arbitrary<infer Value> ? Value : never

const address = fc.integer({ min: 0, max: 2 })
const events = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant('say' as const), index: fc.nat({ max: 40 }), isUp: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('checkerWeight' as const),
      index: fc.nat({ max: 40 }),
      weight: fc.integer({ min: -3, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('maintain' as const), address, isOn: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('weigh' as const), address, weight: fc.constantFrom(0, 1, 5, 'default' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('drain' as const), address }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('presence' as const), address, isOn: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('silence' as const), isOn: fc.boolean() }) },
)
type Event = typeof events extends fc.Arbitrary<infer Value> ? Value : never

/**
 * What becomes of a reload: it is taken; there is no room to record it; others refuse it before it counts; the kernel's thread refuses it, or
 * takes it and nobody hears of that.
 */
const outcomes = fc.oneof(
  { weight: 8, arbitrary: fc.constant('taken' as const) },
  { weight: 1, arbitrary: fc.constantFrom('noRoom' as const, 'abandoned' as const, 'refused' as const, 'unheard' as const) },
)
const few = fc.array(events, { maxLength: 3 })
const reloads = fc.record({
  type: fc.constant('reload' as const),
  edit: edits,
  outcome: outcomes,
  /** What happens between it is made ready and it is applied, and while it is applied. */
  before: few,
  meanwhile: few,
})
type Reload = typeof reloads extends fc.Arbitrary<infer Value> ? Value : never
/** When a stop comes: while nothing else happens, when a reload is ready, or while it is applied. */
const stops = fc.record({ when: fc.constantFrom('quiet' as const, 'ready' as const, 'applied' as const), edit: edits })
type Stop = typeof stops extends fc.Arbitrary<infer Value> ? Value : never
const steps = fc.array(fc.oneof({ weight: 3, arbitrary: events }, { weight: 1, arbitrary: reloads }), { maxLength: 30 })

function changed(model: Model, edit: Edit): Model {
  switch (edit.what) {
    case 'one':
      return { ...model, virtualServers: model.virtualServers.with(edit.place, edit.shape) }
    case 'group':
      return { ...model, groups: model.groups.with(edit.place, edit.members) }
    case 'all':
      return edit.model
    case 'order':
      return { ...model, isReversed: !model.isReversed }
    case 'quiet':
      return { ...model, isQuiet: !model.isQuiet }
    case 'nothing':
      return model
  }
}

function textOf({ virtualServers, groups, isQuiet, isReversed }: Model): string {
  const written = virtualServers.map((one, place) => (one === undefined ? '' : virtualServerOf(one, place)))
  return [
    `global_defs {\nscript_user root\n${isQuiet ? 'no_checker_emails' : ''}\n}`,
    ...groups.map((list, place) => `virtual_server_group ${place === 0 ? 'G' : 'H'} {\n${list.map((one) => MEMBERS[one]).join('\n')}\n}`),
    ...(isReversed ? written.toReversed() : written),
  ].join('\n')
}

function virtualServerOf(one: Shape, place: number): string {
  const servers = one.servers.map(({ number, weight, isScripted, retry }) => {
    const script = isScripted ? 'MISC_CHECK {\nmisc_path /usr/bin/true\nmisc_dynamic\n}' : ''
    return `real_server ${ADDRESSES[number]} 80 {
      weight ${weight}
      smtp_alert ${one.isMailed}
      TCP_CHECK {
        retry ${retry}
      }
      PING_CHECK {
      }
      ${script}
    }`
  })
  return `virtual_server ${HEADERS[place]} {
    protocol ${place === UDP ? 'UDP' : 'TCP'}
    lvs_sched ${one.scheduler}
    lvs_method NAT
    quorum ${one.quorum}
    hysteresis ${one.hysteresis}
    ${one.isAlpha ? 'alpha' : ''}
    ${one.isMailed ? 'omega' : ''}
    ${one.isInhibited ? 'inhibit_on_failure' : ''}
    ${one.waits ? 'ha_suspend' : ''}
    ${one.hasSorry ? 'sorry_server 10.0.3.1 80' : ''}
    ${one.hasSorry && one.isSorryInhibited ? 'sorry_server_inhibit' : ''}
    ${servers.join('\n')}
  }`
}

/** One that has checkers which may be asked. */
function checkerOf(scene: Scene, index: number): HandChecker | undefined {
  const checkers = scene.checkers.all.toSorted((one, other) => one.number - other.number)
  const checker = checkers[index % checkers.length]
  return checker?.isSuspended === true ? undefined : checker
}

function happen(scene: Scene, event: Event): void {
  switch (event.type) {
    case 'say':
      checkerOf(scene, event.index)?.say(event.isUp)
      break
    case 'checkerWeight': {
      const checker = checkerOf(scene, event.index)
      if (checker?.isUp === true && checker.weight !== event.weight) checker.weigh(event.weight)
      break
    }
    case 'maintain':
    case 'weigh':
    case 'drain':
      operate(scene, event)
      break
    case 'presence':
      scene.lvs.addressPresence(WAITED_FOR[event.address] ?? '', event.isOn)
      break
    case 'silence':
      scene.table.isSilent = event.isOn
      if (!event.isOn) scene.table.tellApplied()
  }
}

function operate(scene: Scene, event: Extract<Event, { readonly type: 'maintain' | 'weigh' | 'drain' }>): void {
  const server = ADDRESSES[event.address] ?? ''
  if (!scene.checkers.all.some(({ owner }) => owner.server.startsWith(`[${server}]`))) return
  if (event.type === 'maintain') scene.lvs.maintain({ server }, event.isOn)
  else if (event.type === 'weigh') scene.lvs.weigh({ server }, event.weight)
  else void scene.lvs.drain({ server }, 2500)
}

/** Limits for what is broken: a busy machine takes half a minute for all schedules. */
const LIMIT_MS = 10 * 60_000
const MOST_ROUNDS = 10

/** How many virtual servers went into another configuration as they are, in all runs. */
const seen = { kept: 0, made: 0, refused: 0 }

/** Something that fails, unless nobody waits for it. */
async function failing(): Promise<void> {
  await settle()
  throw new Error('no room')
}

/** @returns whether it counts */
async function reload(scene: Scene, text: string, { outcome, before, meanwhile }: Reload): Promise<boolean> {
  const { table, lvs } = scene
  const former = scene.config?.virtualServers ?? []
  const checkers = new HandCheckers(scene.checkers, scene.isKeeping)
  const failure = failing()
  failure.catch(() => {})
  if (outcome === 'noRoom') table.reserving = failure
  if (outcome === 'refused') table.applying = failure
  else table.applying = settle()
  if (outcome === 'unheard') table.answering = failure
  try {
    const prepared = await lvs.prepare(configOf(text), checkers)
    for (const event of before) happen(scene, event)
    if (outcome === 'abandoned') return false
    const committed = lvs.commit(prepared)
    for (const event of meanwhile) happen(scene, event)
    await committed
    scene.checkers = checkers
    scene.config = prepared.config
    if (scene.isKeeping) {
      seen.kept += prepared.config.virtualServers.filter((one) => former.includes(one)).length
      seen.made += prepared.config.virtualServers.filter((one) => !former.includes(one)).length
    }
    return true
  } catch {
    seen.refused += 1
    return false
  } finally {
    table.reserving = Promise.resolve()
    table.applying = Promise.resolve()
    table.answering = Promise.resolve()
  }
}

/** A reload that a stop overtakes counts no more. */
async function stopped({ lvs, table, checkers, isKeeping }: Scene, text: string, { when }: Stop): Promise<void> {
  if (when === 'quiet') {
    await lvs.stop()
    return
  }
  const prepared = await lvs.prepare(configOf(text), new HandCheckers(checkers, isKeeping))
  table.applying = settle()
  const committed = when === 'applied' ? lvs.commit(prepared) : undefined
  const ended = lvs.stop()
  const outcome = await (committed ?? lvs.commit(prepared)).catch((error: unknown) => error)
  insist(
    outcome instanceof KaError && outcome.code === 'KA_ERR_STOPPED',
    () => `a reload that a stop overtakes ends with ${String(outcome)}`,
  )
  await ended
}

/**
 * Each change of a server is another one than the one before, between two reloads: one that a reload brings back begins anew. Two virtual
 * servers that serve the same have one name.
 */
function isNews(changes: readonly ServerChange[]): boolean {
  const last = new Map<string, boolean>()
  // What checkers are mailed about is no change of a server.
  const told = changes.filter(({ toFifos }) => toFifos)
  return told.every(({ kind, service, server, isUp }) => {
    const key = `${kind} ${service} ${server ?? ''}`
    const isTwice = last.get(key) === isUp
    last.set(key, isUp)
    return !isTwice
  })
}

/** All that others see of it. */
async function seenOf(scene: Scene): Promise<string> {
  const { changes, events: told, lines, table, lvs } = scene
  const { services } = await lvs.status()
  const all = { rows: table.rows.toSorted(), changes, told, lines, services, watched: lvs.watchedAddresses }
  // Reasons are in the order in which they came, or in that of the checkers.
  const sorted = (name: string, value: unknown): unknown =>
    name === 'reasons' && Array.isArray(value) ? value.map(String).toSorted() : value
  return JSON.stringify(all, sorted, 1)
}

function firstDifference(one: string, other: string): string {
  const [lines, others] = [one.split('\n'), other.split('\n')]
  const at = lines.findIndex((line, place) => line !== others[place])
  return `${lines.slice(at, at + 12).join('\n')} - ${others.slice(at, at + 12).join('\n')}`
}

function insist(condition: boolean, problem: () => string): void {
  if (!condition) throw new Error(problem())
}

/** Things that happen to virtual servers of which those that are configured as before stay as they are, and to such as are all made anew. */
class Pair {
  readonly keeping: Scene = new Scene()
  readonly remaking: Scene = new Scene()
  #model: Model
  #text: string
  #changesSeen = 0
  /** Nothing is known of what the kernel's thread has. */
  #isUnknown = false
  /** It is something else than is wanted. */
  #isUncertain = false

  constructor(model: Model) {
    this.#model = model
    this.#text = textOf(model)
    this.remaking.isKeeping = false
    for (const scene of this.#both) scene.table.isLenient = true
  }

  get #both(): readonly Scene[] {
    return [this.keeping, this.remaking]
  }

  async start(): Promise<void> {
    for (const scene of this.#both) await scene.load(this.#text)
    this.#changesSeen = this.keeping.changes.length
    await this.#compare('the start')
  }

  async take(step: Event | Reload): Promise<void> {
    const before = this.keeping.changes.length
    const areTwins = TWINS.every((place) => this.#model.virtualServers[place] !== undefined)
    const isTaken = step.type === 'reload' ? await this.#reload(step) : this.#happen(step)
    for (const scene of this.#both) scene.lvs.takeIpvsEvents()
    await this.#compare(JSON.stringify(step))
    if (!isTaken) return
    insist(areTwins || isNews(this.keeping.changes.slice(this.#changesSeen, before)), () => 'something is told twice')
    this.#changesSeen = this.keeping.changes.length
  }

  #happen(event: Event): boolean {
    for (const scene of this.#both) {
      const { table } = scene
      // What a reload that several things happened in has emptied may have another server by now.
      table.emptied.length = 0
      happen(scene, event)
      insist(this.#isUncertain || !table.emptied.some((id) => table.isServing(id)), () => 'a service was empty in between')
    }
    return false
  }

  async #reload(step: Reload): Promise<boolean> {
    const model = changed(this.#model, step.edit)
    const text = textOf(model)
    const [one, other] = [await reload(this.keeping, text, step), await reload(this.remaking, text, step)]
    insist(one === other, () => 'only one of them takes a reload')
    if (!one) {
      this.#isUnknown ||= step.outcome === 'refused' || step.outcome === 'unheard'
      this.#isUncertain ||= step.outcome === 'unheard'
      return false
    }
    this.#isUnknown = false
    this.#isUncertain = false
    this.#model = model
    this.#text = text
    return true
  }

  async #compare(what: string): Promise<void> {
    await settle()
    await Promise.all(
      this.#both.map(async ({ clock }) => {
        await clock.pass(500)
      }),
    )
    const [one, other] = [await seenOf(this.keeping), await seenOf(this.remaking)]
    if (one !== other) throw new Error(`after ${what} what was kept and what was made anew differ: ${firstDifference(one, other)}`)
  }

  /** A table that is made anew of all states is the one that changes have led to. */
  async finish(stop: Stop): Promise<void> {
    const { keeping } = this
    const { table } = keeping
    keeping.isKeeping = false
    const had = table.rows.toSorted().join('; ')
    if (this.#isUnknown) await keeping.load(this.#text)
    const applied = table.applied.length
    const before = { rows: table.rows.toSorted().join('; '), told: keeping.changes.length, lines: keeping.lines.length }
    insist(this.#isUncertain || before.rows === had, () => `the kernel had ${had}, and gets ${before.rows}`)
    await keeping.load(this.#text)
    insist(table.applied.length === applied, () => `the kernel had ${before.rows}, and gets ${table.rows.join('; ')}`)
    // After a failure it gets all of it again.
    const failure = failing()
    failure.catch(() => {})
    table.applying = failure
    await keeping.load(`${this.#text}\nglobal_defs {\nlvs_timeouts tcp 77\n}`).catch(() => {})
    table.applying = Promise.resolve()
    await keeping.load(this.#text)
    insist(table.applied.at(-1)?.kept.length === 0, () => 'something is taken for known')
    const rows = table.rows.toSorted().join('; ')
    insist(rows === before.rows, () => `the kernel had ${before.rows}, and gets ${rows}`)
    const isTold = keeping.changes.length !== before.told || keeping.lines.length !== before.lines
    insist(!isTold, () => 'a reload that changes nothing is told')
    await this.#stop(stop)
  }

  async #stop(stop: Stop): Promise<void> {
    this.keeping.isKeeping = true
    for (const scene of this.#both) await stopped(scene, textOf(changed(this.#model, stop.edit)), stop)
    const [one, other] = this.#both.map(({ changes, lines }) => JSON.stringify({ changes, lines }))
    insist(one === other, () => `a stop tells ${one ?? ''} of what was kept, and ${other ?? ''} of what was made anew`)
    const numbers = this.keeping.changes.map(({ sequence }) => sequence)
    insist(
      numbers.every((number, place) => number === place + 1),
      () => 'numbers have gaps',
    )
  }
}

test('random schedules', async (t) => {
  t.timeout(LIMIT_MS)
  const property = fc.asyncProperty(models, steps, stops, async (model, list, stop) => {
    const pair = new Pair(model)
    await pair.start()
    for (const step of list) await pair.take(step)
    await pair.finish(stop)
  })
  const numRuns = Number(process.env['KA_LVS_SCHEDULES'] ?? 150)
  // A few reloads of so many schedules are refused, by chance none: then it goes on until one is.
  for (let round = 0; round < MOST_ROUNDS && (seen.kept === 0 || seen.refused === 0); round += 1) {
    await fc.assert(property, { numRuns, includeErrorInReport: true })
  }
  t.log(seen)
  t.true(seen.kept > 0 && seen.refused > 0)
})
