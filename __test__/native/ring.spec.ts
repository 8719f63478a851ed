/** Events while JavaScript does not run: in order, and merged only when there is no more room. */
import type { EngineEvent } from '#native'
import type { ExecutionContext } from 'ava'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import { address, engineConfig, instance } from './engine-config.ts'

const ADDRESS = '192.0.2.200'

type StateChange = Extract<EngineEvent['event'], { readonly type: 'stateChanged' }>

function changes(events: readonly EngineEvent[]): StateChange[] {
  return events.flatMap(({ event }) => (event.type === 'stateChanged' ? [event] : []))
}

/** Each change of an instance starts where the one before it ended, whatever was merged. */
function continuous(t: ExecutionContext, told: readonly StateChange[]): void {
  const last = new Map<string, StateChange['to']>()
  for (const { instance: name, from, to } of told) {
    t.is(from, last.get(name) ?? 'INIT')
    last.set(name, to)
  }
}

serialLabTest(
  'a link that flaps while JavaScript is blocked: every change arrives, in order',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async (realm, config) => {
      await realm.open({ heartbeatLimitMs: 0 })
      await realm.engine.apply(config)
    }, engineConfig(instance()))
    await lab.waitForHolders(ADDRESS, 'a')
    program.begin(({ block, keep }) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      keep.readers = {}
      while (!existsSync('/run/lab/go')) block(50)
    })
    const flaps = 5
    for (let flap = 0; flap < flaps; flap += 1) {
      await lab.unplug('a')
      await lab.waitForHolders(ADDRESS)
      await lab.plug('a')
      await lab.waitForHolders(ADDRESS, 'a')
    }
    await lab.sandbox.exec(['touch', '/run/lab/go'])
    const told = await waitFor('all changes are told', async () => {
      const seen = changes(await program.run(({ engineEvents }) => engineEvents))
      return seen.length >= 2 + 3 * flaps && seen
    })
    t.deepEqual(
      told.map(({ to }) => to),
      ['BACKUP', 'MASTER', ...Array.from({ length: flaps }, () => ['FAULT', 'BACKUP', 'MASTER']).flat()],
    )
    continuous(t, told)
    t.true(told.every(({ skipped }) => skipped === 0))
  }),
)

serialLabTest(
  'more changes than there is room for are merged for each instance: nothing is contradicted, and the last state arrives',
  inLab(['a'], async (t, lab) => {
    t.timeout(600_000)
    const interfaces = ['flap0', 'flap1', 'flap2', 'flap3']
    await makeInterfaces(lab, interfaces)
    // Backups for ever, which are up or in fault with their link; and one Master each, whose address shows when that was noticed.
    const waiting = { priority: 100, advertIntUs: 40_000_000, virtualAddresses: [] }
    const instances = interfaces.flatMap((name, index) => [
      ...Array.from({ length: 250 }, (_, vrid) => instance({ ...waiting, name: `${name}-${vrid + 1}`, interface: name, vrid: vrid + 1 })),
      instance({ name: `${name}-master`, interface: name, vrid: 255, virtualAddresses: [address(`10.1.${index}.1`, { interface: name })] }),
    ])
    const program = await Program.start(lab.host('a'))
    await program.run(
      async (realm, config) => {
        await realm.open({ heartbeatLimitMs: 0, realtimePriority: 0 })
        await realm.engine.apply(config)
      },
      engineConfig(...instances),
    )
    await waitForHeld(lab, interfaces.length)

    program.begin(({ block }) => {
      const { existsSync } = process.getBuiltinModule('node:fs')
      while (!existsSync('/run/lab/go')) block(50)
    })
    // 2,000 changes a turn; the ring has room for 65,536 events.
    const batch = (state: 'up' | 'down'): string => interfaces.map((name) => `link set ${name}-peer ${state}`).join('\n')
    const turns = 40
    for (let turn = 0; turn < turns; turn += 1) {
      await lab.host('a').exec(['ip', '-batch', '-'], { input: batch('down') })
      await waitForHeld(lab, 0)
      await lab.host('a').exec(['ip', '-batch', '-'], { input: batch('up') })
      await waitForHeld(lab, interfaces.length)
    }
    await lab.host('a').exec(['ip', '-batch', '-'], { input: batch('down') })
    await waitForHeld(lab, 0)
    await lab.sandbox.exec(['touch', '/run/lab/go'])

    const summary = async (): Promise<{
      readonly lasts: number
      readonly merged: number
      readonly broken: number
      readonly total: number
    }> =>
      await program.run(({ engineEvents }) => {
        const last = new Map<string, string>()
        const count = { merged: 0, broken: 0, total: 0 }
        for (const { event } of engineEvents) {
          if (event.type !== 'stateChanged') continue
          if (event.from !== (last.get(event.instance) ?? 'INIT')) count.broken += 1
          if (event.skipped > 0) count.merged += 1
          count.total += event.skipped + 1
          last.set(event.instance, event.to)
        }
        return { ...count, lasts: [...last.values()].filter((state) => state === 'FAULT').length }
      })
    // INIT to BACKUP, both changes of each turn, and the last FAULT; the Masters changed once more each time.
    const expected = instances.length * (2 * turns + 2) + interfaces.length * (turns + 1)
    const told = await waitFor(
      'the last state of every instance is told',
      async () => {
        const seen = await summary()
        return seen.lasts === instances.length && seen.total >= expected && seen
      },
      { seen: summary },
    )
    t.is(told.broken, 0, 'each change starts where the one before ended')
    t.true(told.merged > 0, 'the ring was full')
    t.is(told.total, expected, 'merged changes are counted')
  }),
)

async function makeInterfaces(lab: Lab<'a'>, interfaces: readonly string[]): Promise<void> {
  const commands = interfaces.flatMap((name, index) => [
    `link add ${name} type veth peer name ${name}-peer`,
    `link set ${name} up`,
    `link set ${name}-peer up`,
    `address add 10.9.${index}.1/24 dev ${name}`,
  ])
  await lab.host('a').exec(['ip', '-batch', '-'], { input: commands.join('\n') })
}

/** Waits until the kernel has so many of the virtual addresses. */
async function waitForHeld(lab: Lab<'a'>, count: number): Promise<void> {
  const held = async (): Promise<number> => Number(await lab.host('a').exec(['sh', '-c', 'ip -o -4 address show to 10.1.0.0/16 | wc -l']))
  await waitFor(`${count} addresses are held`, async () => (await held()) === count, { seen: held })
}
