/** Sync groups of the real keepalived and of ours through the same events: FIFO bytes, arguments of scripts, sentences of the log. */
import type { ExecutionContext } from 'ava'
import { startDaemon, type Implementation } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { Scenario } from './notify-scenario.ts'
import { addWire, setWire } from './two-wires.ts'

const IMPLEMENTATIONS: readonly Implementation[] = ['keepalived', 'ka-native']

/** Between two advertisements, in seconds: a busy machine is to delay none for three of them. */
const ADVERT_INT_S = 1

/** A member: its interface, and a priority that says who is the last whose timer runs out. */
interface Member {
  readonly name: string
  readonly device: 'eth0' | 'eth1'
  readonly priority: number
}

/** The first is on the wire of the other router, the second on one of its own. */
const MEMBERS: readonly Member[] = [
  { name: 'V1', device: 'eth0', priority: 220 },
  { name: 'V2', device: 'eth1', priority: 140 },
  { name: 'V3', device: 'eth0', priority: 60 },
]

function instance({ name, device, priority }: Member, extra: readonly string[] = []): string {
  const vrid = name.slice(1)
  const lines = [
    `interface ${device}`,
    `virtual_router_id ${vrid}`,
    'version 3',
    `advert_int ${ADVERT_INT_S}`,
    `priority ${priority}`,
    ...extra,
  ]
  return `vrrp_instance ${name} {\n${lines.map((line) => `  ${line}\n`).join('')}  virtual_ipaddress {\n    203.0.113.${vrid}/32\n  }\n}\n`
}

function conf({ fifo, note }: Scenario, members: readonly Member[], globals: readonly string[] = []): string {
  const states = ['master', 'backup', 'fault', 'stop'].map((state) => `  notify_${state} "${note} G ${state}"\n`).join('')
  return [
    `global_defs {\n  script_user root\n  vrrp_notify_fifo ${fifo}\n${globals.map((line) => `  ${line}\n`).join('')}}\n`,
    `vrrp_sync_group G {\n  group {\n${members.map(({ name }) => `    ${name}\n`).join('')}  }\n${states}  notify "${note} G general"\n}\n`,
    ...members.map((member) => instance(member, [`notify "${note} general"`])),
  ].join('')
}

/** What a state is told as, of these members in this order, and of the group. */
function lines(state: string, members: readonly Member[]): string[] {
  return members.map(({ name, priority }) => `INSTANCE "${name}" ${state} ${priority}`)
}

/** The member that leads, then the others in the order of the group. */
function ledBy(name: string, members: readonly Member[]): Member[] {
  return [...members.filter((member) => member.name === name), ...members.filter((member) => member.name !== name)]
}

/** The sentences about states of members and groups. */
function sentences({ daemon }: Scenario): string[] {
  const texts = daemon.process.output.flatMap(({ text }) => {
    if (!text.startsWith('{')) return [text.replace(/^\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}: /, '')]
    return [(JSON.parse(text) as { readonly msg: string }).msg]
  })
  return texts.filter((text) => /^(?:VRRP_Group|\(V\d\):? [Ee]ntering)/.test(text))
}

/** Follows what a daemon tells of one step after the other. */
class Follower {
  readonly #t: ExecutionContext
  readonly #scenario: Scenario
  readonly #seen = { fifo: 0, scripts: 0, log: 0 }

  constructor(t: ExecutionContext, scenario: Scenario) {
    this.#t = t
    this.#scenario = scenario
  }

  /** Compares the bytes of the FIFO since the last step, what scripts were told, and the log. */
  async told(step: string, fifo: readonly string[], log: readonly string[]): Promise<void> {
    const seen = this.#seen
    const written = await this.#scenario.waitForLines('fifo', seen.fifo + fifo.length)
    this.#t.deepEqual(written.slice(seen.fifo), fifo, `${step}: FIFO`)
    seen.fifo = written.length
    const wanted = fifo.flatMap((line) => scriptsOf(line))
    const run = await this.#scenario.waitForLines('scripts', seen.scripts + wanted.length)
    this.#t.deepEqual(run.slice(seen.scripts).toSorted(), wanted.toSorted(), `${step}: scripts`)
    seen.scripts = run.length
    await waitFor(`the log tells ${step}`, () => sentences(this.#scenario).length >= seen.log + log.length, {
      seen: () => sentences(this.#scenario).slice(seen.log),
    })
    const said = sentences(this.#scenario)
    this.#t.deepEqual(said.slice(seen.log), log, `${step}: log`)
    seen.log = said.length
  }
}

/** What scripts are told with a line of the FIFO. */
function scriptsOf(line: string): string[] {
  const [, kind, name, state = '', priority] = /^(\w+) "(\w+)" (\w+) (\d+)$/.exec(line) ?? []
  if (kind === 'INSTANCE') return [`general INSTANCE ${name} ${state} ${priority}`]
  return [`G ${state.toLowerCase()}`, `G general GROUP ${name} ${state} ${priority}`]
}

/** The sentences with which members follow a first one. */
function following(state: string, [first, ...others]: readonly Member[]): string[] {
  const entering = (member: Member | undefined): string => `(${member?.name}) Entering ${state} STATE`
  return [entering(first), `VRRP_Group(G) Syncing instances to ${state} state`, ...others.map(entering)]
}

for (const implementation of IMPLEMENTATIONS) {
  for (const count of [2, 3]) {
    serialLabTest(
      `${implementation} tells byte for byte what a sync group of ${count} goes through`,
      inLab(['a', 'b'], async (t, lab) => {
        const members = MEMBERS.slice(0, count)
        const last = members.at(-1)?.name ?? ''
        const onLab = members.filter(({ device }) => device === 'eth0').map(({ name }) => `203.0.113.${name.slice(1)}`)
        await addWire(lab, 'a', 'b')
        const scenario = await Scenario.open(lab, implementation)
        const follower = new Follower(t, scenario)
        const group = (state: string): string => `GROUP "G" ${state} 0`
        /** What is told when one member leads and the others follow. */
        const follow = async (step: string, ...moves: readonly (readonly [string, string])[]): Promise<void> => {
          const fifo = moves.flatMap(([state, leader]) => [...lines(state, ledBy(leader, members)), group(state)])
          const log = moves.flatMap(([state, leader]) => following(state, ledBy(leader, members)))
          await follower.told(step, fifo, log)
        }
        await scenario.start(conf(scenario, members))
        const first = members.map(({ name }) => `(${name}) Entering BACKUP STATE (init)`)
        await follower.told(
          'start',
          [group('BACKUP'), ...lines('BACKUP', members), ...lines('MASTER', ledBy(last, members)), group('MASTER')],
          [...first, ...following('MASTER', ledBy(last, members))],
        )
        const other = instance({ name: 'V1', device: 'eth0', priority: 250 })
        const better = await startDaemon(lab, 'b', 'keepalived', `global_defs {\n  router_id b\n}\n${other}`)
        await follow('a better router for one member', ['BACKUP', 'V1'])
        await lab.waitForHolders('203.0.113.1', 'b')
        await setWire(lab, 'a', 'b', 'down')
        const faulty = ledBy('V2', members)
        const sentences = following('FAULT', faulty)
        // keepalived does not say it of Backups that follow.
        await follower.told(
          'a failure of a Backup',
          [...lines('FAULT', faulty), group('FAULT')],
          implementation === 'keepalived' ? sentences.slice(0, 2) : sentences,
        )
        await better.terminate()
        await setWire(lab, 'a', 'b', 'up')
        await follow('recovery', ['BACKUP', 'V2'], ['MASTER', last])
        for (const address of onLab) await lab.waitForHolders(address, 'a')
        await setWire(lab, 'a', 'b', 'down')
        await follow('a failure of a Master', ['FAULT', 'V2'])
        for (const address of onLab) await lab.waitForHolders(address)
        await setWire(lab, 'a', 'b', 'up')
        await follow('recovery of that', ['BACKUP', 'V2'], ['MASTER', last])
        await scenario.reload(conf(scenario, members))
        await follower.told('reload', [], [])
        const before = (await scenario.lines('fifo')).length
        await scenario.reload(conf(scenario, members, ['fifo_write_vrrp_states_on_reload']))
        // Once that is read, the reader has the FIFO open again, and misses nothing of the stop.
        t.deepEqual((await scenario.waitForLines('fifo', before + 1)).slice(before), [group('MASTER')], 'a reload that writes states')
        t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
        const stopped = [...lines('STOP', members), group('STOP')]
        await waitFor('the group has told that it stops', async () => (await scenario.lines('fifo')).at(-1) === group('STOP'))
        t.deepEqual((await scenario.lines('fifo')).slice(-stopped.length - 1), [group('MASTER'), ...stopped])
        const ends = ['G stop', 'G general GROUP G STOP 0']
        const run = async (): Promise<readonly string[]> => await scenario.lines('scripts')
        await waitFor('the scripts of a stop have run', async () => {
          const told = await run()
          return ends.every((line) => told.includes(line))
        })
      }),
    )
  }

  serialLabTest(
    `${implementation} tells of a sync group that begins in FAULT, of two that fail one after the other, and of states at a reload`,
    inLab(['a', 'b'], async (t, lab) => {
      const members = MEMBERS.slice(0, 2)
      await addWire(lab, 'a', 'b')
      await setWire(lab, 'a', 'b', 'down')
      const scenario = await Scenario.open(lab, implementation)
      const follower = new Follower(t, scenario)
      const text = conf(scenario, members, ['fifo_write_vrrp_states_on_reload'])
      await scenario.start(text)
      const faulty = [...lines('FAULT', members), 'GROUP "G" FAULT 0']
      const sentence = (name: string): string => `(${name}) entering FAULT state`
      const begin = ['(V2): entering FAULT state (interface eth1 down)', 'VRRP_Group(G): Syncing V2 to FAULT state']
      // keepalived looks for faults first.
      const said = implementation === 'keepalived' ? [...begin, sentence('V1'), sentence('V2')] : [sentence('V1'), ...begin, sentence('V2')]
      await follower.told('start', faulty, said)
      await lab.unplug('a')
      await setWire(lab, 'a', 'b', 'up')
      await scenario.reload(text)
      const again = ['GROUP "G" FAULT 0', ...lines('FAULT', members)]
      t.deepEqual((await scenario.waitForLines('fifo', faulty.length + again.length)).slice(faulty.length), again)
      await lab.plug('a')
      const [v1, v2] = members as [Member, Member]
      const recovered = [...lines('BACKUP', [v1, v2]), 'GROUP "G" BACKUP 0', ...lines('MASTER', [v2, v1]), 'GROUP "G" MASTER 0']
      const before = faulty.length + again.length
      t.deepEqual((await scenario.waitForLines('fifo', before + recovered.length)).slice(before), recovered)
      await scenario.reload(text)
      const after = before + recovered.length
      t.deepEqual((await scenario.waitForLines('fifo', after + 1)).slice(after), ['GROUP "G" MASTER 0'])
      t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
    }),
  )
}

for (const implementation of IMPLEMENTATIONS) {
  serialLabTest(
    `${implementation} tells of all sync groups before it tells of instances when they begin`,
    inLab(['a', 'b'], async (t, lab) => {
      const scenario = await Scenario.open(lab, implementation)
      const named = (index: number): Member => ({ name: `V${index}`, device: 'eth0', priority: 100 })
      const all = [1, 2, 3, 4, 5].map(named)
      const groups = [
        ['G', 'V4', 'V1'],
        ['H', 'V3', 'V5'],
      ].map(([name, ...members]) => `vrrp_sync_group ${name} {\n  group {\n${members.map((member) => `    ${member}\n`).join('')}  }\n}\n`)
      const globals = `global_defs {\n  vrrp_notify_fifo ${scenario.fifo}\n}\n`
      await scenario.start([globals, ...groups, ...all.map((member) => instance(member))].join(''))
      const wanted = ['GROUP "G" BACKUP 0', 'GROUP "H" BACKUP 0', ...lines('BACKUP', all)]
      t.deepEqual((await scenario.waitForLines('fifo', wanted.length)).slice(0, wanted.length), wanted)
    }),
  )
}
