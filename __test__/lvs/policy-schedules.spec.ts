/** Whatever happens, in whatever order: the kernel has what the states come to, no service is emptied without need, nothing is told twice. */
import * as fc from 'fast-check'
import test from 'ava'
import type { ServerChange } from '../../src/lvs/server-change.ts'
import { Scene } from './scene.ts'

const ADDRESSES = ['10.0.2.1', '10.0.2.2', '10.0.2.3'] as const

/** What a virtual server may be like. */
interface Shape {
  readonly quorum: number
  readonly hysteresis: number
  readonly hasSorry: boolean
  readonly isSorryInhibited: boolean
  readonly isInhibited: boolean
  readonly isAlpha: boolean
  readonly servers: readonly number[]
}

const shape = fc.record({
  quorum: fc.integer({ min: 1, max: 4 }),
  hysteresis: fc.integer({ min: 0, max: 2 }),
  hasSorry: fc.boolean(),
  isSorryInhibited: fc.boolean(),
  isInhibited: fc.boolean(),
  isAlpha: fc.boolean(),
  servers: fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
})

type Step =
  | { readonly type: 'say'; readonly index: number; readonly isUp: boolean }
  | { readonly type: 'checkerWeight'; readonly index: number; readonly weight: number }
  | { readonly type: 'maintain'; readonly address: number; readonly isOn: boolean }
  | { readonly type: 'weigh'; readonly address: number; readonly weight: number | 'default' }
  | { readonly type: 'drain'; readonly address: number }
  | { readonly type: 'reload'; readonly shapes: readonly Shape[] }

const address = fc.integer({ min: 0, max: 2 })
const index = fc.nat({ max: 20 })
const shapes = fc.array(shape, { minLength: 1, maxLength: 3 })
const steps = fc.array(
  fc.oneof(
    { weight: 10, arbitrary: fc.record({ type: fc.constant('say' as const), index, isUp: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('checkerWeight' as const), index, weight: fc.integer({ min: -3, max: 3 }) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('maintain' as const), address, isOn: fc.boolean() }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('weigh' as const), address, weight: fc.constantFrom(0, 1, 5, 'default' as const) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('drain' as const), address }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('reload' as const), shapes }) },
  ),
  { maxLength: 30 },
)

function conf(list: readonly Shape[], areTwins: boolean): string {
  const groups = `virtual_server_group G {\n10.0.1.9 80\nfwmark 3\n}\n`
  const written = list.map((one, place) => {
    const servers = one.servers.map(
      (number) => `real_server ${ADDRESSES[number]} 80 {\nsmtp_alert false\nTCP_CHECK {\n}\nPING_CHECK {\n}\n}`,
    )
    const header = place === 0 ? 'group G' : `10.0.1.1 ${areTwins ? 80 : 80 + place}`
    return `virtual_server ${header} {
      protocol TCP
      lvs_sched rr
      lvs_method NAT
      quorum ${one.quorum}
      hysteresis ${one.hysteresis}
      ${one.isAlpha ? 'alpha' : ''}
      ${one.isInhibited ? 'inhibit_on_failure' : ''}
      ${one.hasSorry ? 'sorry_server 10.0.3.1 80' : ''}
      ${one.hasSorry && one.isSorryInhibited ? 'sorry_server_inhibit' : ''}
      ${servers.join('\n')}
    }`
  })
  const [first = ''] = written
  return [groups, ...written, first.replace('protocol TCP', 'protocol UDP')].join('\n')
}

async function take(scene: Scene, step: Step, areTwins: boolean): Promise<string | undefined> {
  const checkers = scene.checkers.all
  switch (step.type) {
    case 'say':
      checkers[step.index % checkers.length]?.say(step.isUp)
      break
    case 'checkerWeight':
      checkers[step.index % checkers.length]?.weigh(step.weight)
      break
    case 'maintain':
    case 'weigh':
    case 'drain':
      operate(scene, step)
      break
    case 'reload':
      await scene.load(conf(step.shapes, areTwins))
      return conf(step.shapes, areTwins)
  }
  scene.lvs.takeIpvsEvents()
  return undefined
}

function operate(scene: Scene, step: Extract<Step, { readonly address: number }>): void {
  const server = ADDRESSES[step.address] ?? ''
  if (!scene.checkers.all.some(({ owner }) => owner.server.startsWith(`[${server}]`))) return
  if (step.type === 'maintain') scene.lvs.maintain({ server }, step.isOn)
  else if (step.type === 'weigh') scene.lvs.weigh({ server }, step.weight)
  else void scene.lvs.drain({ server }, 60_000)
}

/**
 * Each change of a server is another one than the one before, between two reloads: one that a reload brings back begins anew. Two virtual
 * servers that serve the same have one name.
 */
function isNews(changes: readonly ServerChange[]): boolean {
  const last = new Map<string, boolean>()
  return changes.every(({ kind, service, server, isUp, toFifos }) => {
    const key = `${kind} ${service} ${server ?? ''}`
    const isTwice = toFifos && last.get(key) === isUp
    last.set(key, isUp)
    return !isTwice
  })
}

test('random schedules', async (t) => {
  const property = fc.asyncProperty(shapes, steps, fc.boolean(), async (first, list, areTwins) => {
    const scene = await Scene.start(conf(first, areTwins))
    const state = { text: conf(first, areTwins), seen: scene.changes.length }
    for (const step of list) {
      const before = scene.changes.length
      const text = await take(scene, step, areTwins)
      if (scene.table.emptied.splice(0).some((id) => scene.table.isServing(id))) throw new Error('a service was empty in between')
      if (text === undefined) continue
      if (!areTwins && !isNews(scene.changes.slice(state.seen, before))) throw new Error('something is told twice')
      state.text = text
      state.seen = scene.changes.length
    }
    const applied = scene.table.applied.length
    const before = { rows: scene.table.rows, told: scene.changes.length, lines: scene.lines.length }
    await scene.load(state.text)
    // A table that is made anew of all states is the one that changes have led to.
    if (scene.table.applied.length !== applied)
      throw new Error(`the kernel had ${before.rows.join('; ')}, and gets ${scene.table.rows.join('; ')}`)
    if (scene.changes.length !== before.told || scene.lines.length !== before.lines)
      throw new Error('a reload that changes nothing is told')
    const numbers = scene.changes.map(({ sequence }) => sequence)
    if (numbers.some((number, place) => number !== place + 1)) throw new Error('numbers have gaps')
    await scene.lvs.stop()
  })
  await fc.assert(property, { numRuns: Number(process.env['KA_LVS_SCHEDULES'] ?? 150) })
  t.pass()
})
