/** What the engine tells: every kind of event that the addon converts, made to happen. */
import type { EngineEvent, EventKind, InstanceConfig, Notice, Rejection } from '#native'
import type { ExecutionContext } from 'ava'
import type { Host } from '../lab/host.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { waitFor } from '../lab/wait-for.ts'
import { address, engineConfig, instance } from './engine-config.ts'

const ADDRESS = '192.0.2.200'

/** A program whose engine has a configuration. */
async function startEngine(host: Host, ...instances: readonly InstanceConfig[]): Promise<Program> {
  const program = await Program.start(host)
  await program.run(
    async (realm, config) => {
      await realm.open({ signals: true, realtimePriority: 0 })
      await realm.engine.apply(config)
    },
    engineConfig(...instances),
  )
  return program
}

const eventsOf = async (program: Program): Promise<EngineEvent[]> => await program.run(({ engineEvents }) => engineEvents)

/** Waits for an event of which the given part is known. */
async function waitForEvent(t: ExecutionContext, program: Program, wanted: Readonly<Record<string, unknown>>): Promise<EventKind> {
  const found = await waitFor(
    `the event ${JSON.stringify(wanted)} is told`,
    async () => (await eventsOf(program)).find(({ event }) => includes(event, wanted)),
    { seen: async () => await eventsOf(program) },
  )
  t.true(Math.abs(found.atMs - Date.now()) < 3_600_000, 'the time is that of a clock, in milliseconds')
  return found.event
}

function includes(value: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return value === part
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(part).every(([key, wanted]) => includes((value as Readonly<Record<string, unknown>>)[key], wanted))
}

const notice = (wanted: Partial<Notice> & { readonly type: Notice['type'] }): Readonly<Record<string, unknown>> => ({
  type: 'notice',
  notice: wanted,
})
const change = (from: string, to: string, cause: string): Readonly<Record<string, unknown>> => ({
  type: 'stateChanged',
  from,
  to,
  cause: { type: cause },
})

serialLabTest(
  'a life: start, takeover, link down and up, stop',
  inLab(['a'], async (t, lab) => {
    const program = await startEngine(lab.host('a'), instance())
    await waitForEvent(t, program, change('INIT', 'BACKUP', 'start'))
    await waitForEvent(t, program, change('BACKUP', 'MASTER', 'masterDownTimer'))
    await lab.unplug('a')
    await waitForEvent(t, program, { type: 'linkChanged', interface: 'eth0', up: false })
    await waitForEvent(t, program, { ...change('MASTER', 'FAULT', 'fault'), cause: { type: 'fault', linkDown: true, noSource: false } })
    await lab.plug('a')
    await waitForEvent(t, program, { type: 'linkChanged', interface: 'eth0', up: true })
    await waitForEvent(t, program, change('FAULT', 'BACKUP', 'faultsCleared'))
    await waitFor(
      'it is Master again',
      async () => (await eventsOf(program)).filter(({ event }) => includes(event, { to: 'MASTER' })).length === 2,
    )
    await program.run(async ({ engine }) => await engine.stop())
    await waitForEvent(t, program, { ...change('MASTER', 'STOP', 'stop'), instance: 'VI_1', priority: 200, skipped: 0 })
    await waitForEvent(t, program, notice({ type: 'priorityZeroSent' }))
    const states = (await eventsOf(program)).flatMap(({ event }) => (event.type === 'stateChanged' ? [[event.from, event.to]] : []))
    t.true(
      states.every(([from], index) => index === 0 || from === states[index - 1]?.[1]),
      JSON.stringify(states),
    )
  }),
)

serialLabTest(
  'an address owner is Master at once; an interface without an address is a fault; one that vanishes is told',
  inLab(['a'], async (t, lab) => {
    const host = lab.host('a')
    await host.exec(['ip', 'link', 'add', 'other0', 'type', 'veth', 'peer', 'name', 'other1'])
    await host.exec(['ip', 'link', 'set', 'other1', 'up'])
    await host.exec(['ip', 'link', 'set', 'other0', 'up'])
    const other = instance({
      name: 'VI_2',
      interface: 'other0',
      dynamicInterface: true,
      virtualAddresses: [address(ADDRESS, { interface: 'other0' })],
    })
    const program = await startEngine(host, instance({ priority: 255, virtualAddresses: [address('192.0.2.201')] }), other)
    await waitForEvent(t, program, { ...change('INIT', 'MASTER', 'addressOwner'), instance: 'VI_1', priority: 255 })
    await waitForEvent(t, program, {
      type: 'stateChanged',
      instance: 'VI_2',
      to: 'FAULT',
      cause: { type: 'fault', linkDown: false, noSource: true },
    })
    await host.exec(['ip', 'address', 'add', '203.0.113.1/24', 'dev', 'other0'])
    await waitForEvent(t, program, { ...change('FAULT', 'BACKUP', 'faultsCleared'), instance: 'VI_2' })
    await host.exec(['ip', 'link', 'delete', 'other0'])
    const gone = await waitForEvent(t, program, { type: 'linkChanged', interface: 'other0', up: undefined })
    t.false('up' in gone, 'an interface that does not exist is neither up nor down')
  }),
)

serialLabTest(
  'addresses that the kernel refuses, that somebody else removes, and packets that cannot be sent',
  inLab(['a'], async (t, lab) => {
    const host = lab.host('a')
    await host.exec(['sysctl', '-qw', 'net.ipv6.conf.eth0.disable_ipv6=1'])
    const many = Array.from({ length: 20 }, (_, index) => address(`198.51.100.${index + 1}`, { prefixLength: 32 }))
    const program = await startEngine(
      host,
      instance({
        priority: 255,
        advertIntUs: 40_000_000,
        virtualAddresses: [address(ADDRESS), ...many],
        excludedAddresses: [address('2001:db8::c8', { prefixLength: 64 })],
      }),
    )
    const refused = await waitForEvent(t, program, {
      type: 'addressRefused',
      instance: 'VI_1',
      interface: 'eth0',
      address: '2001:db8::c8',
      operation: 'add',
    })
    if (refused.type === 'addressRefused') {
      t.true(refused.errno > 0)
      t.true(refused.message.length > 0)
    }
    await host.exec(['sysctl', '-qw', 'net.ipv6.conf.eth0.disable_ipv6=0'])
    await lab.waitForHolders('2001:db8::c8', 'a')

    await host.exec(['ip', 'address', 'delete', `${ADDRESS}/24`, 'dev', 'eth0'])
    await waitForEvent(t, program, { type: 'addressLost', instance: 'VI_1', interface: 'eth0', address: ADDRESS })
    await lab.waitForHolders(ADDRESS, 'a')

    // Shorter than an advertisement of 21 addresses: unable to say that it is Master, it must not be. None is due meanwhile: the kernel
    // would refuse it before the engine knows why.
    await host.exec(['ip', 'link', 'set', 'eth0', 'mtu', '68'])
    const failed = await waitForEvent(t, program, { type: 'sendFailed', instance: 'VI_1', errno: 90 })
    if (failed.type === 'sendFailed') t.regex(failed.message, /does not fit the MTU 68 of eth0/)
    await waitForEvent(t, program, { type: 'stateChanged', instance: 'VI_1', to: 'FAULT' })
    await lab.waitForHolders(ADDRESS)
  }),
)

serialLabTest(
  'signals arrive as numbers, and end nothing',
  inLab(['a'], async (t, lab) => {
    const program = await startEngine(lab.host('a'))
    for (const [name, number] of [
      ['SIGHUP', 1],
      ['SIGUSR1', 10],
      ['SIGUSR2', 12],
      ['SIGINT', 2],
      ['SIGTERM', 15],
    ] as const) {
      await program.child.signal(name)
      await waitForEvent(t, program, { type: 'signal', signal: number })
    }
    await program.waitForThreads('ka-engine', 'ka-wake')
  }),
)

/** So long that a busy machine delays no Master for three of them. */
const advertIntUs = 1_000_000

serialLabTest(
  'a Backup tells whom it follows, that its Master resigned, and that a better one came',
  inLab(['a', 'b'], async (t, lab) => {
    const backup = await startEngine(lab.host('b'), instance({ priority: 100, preempt: true, advertIntUs }))
    await lab.waitForHolders(ADDRESS, 'b')
    const master = await startEngine(lab.host('a'), instance({ priority: 200, advertIntUs }))
    await lab.waitForHolders(ADDRESS, 'a')
    await waitForEvent(t, backup, change('MASTER', 'BACKUP', 'higherPriorityAdvertisement'))
    await waitForEvent(t, backup, notice({ type: 'higherPriorityAdvertisement', source: lab.host('a').ipv4, priority: 200, ours: 100 }))
    await waitForEvent(t, backup, notice({ type: 'masterChanged', current: lab.host('a').ipv4 }))
    await waitForEvent(t, master, notice({ type: 'lowerPriorityDiscarded', source: lab.host('b').ipv4, priority: 100 }))
    await master.run(async ({ engine }, config) => await engine.apply(config), engineConfig(instance({ priority: 50, advertIntUs })))
    await waitForEvent(t, master, notice({ type: 'higherPriorityAdvertisement', source: lab.host('b').ipv4, priority: 100, ours: 50 }))
    await lab.waitForHolders(ADDRESS, 'b')
    await backup.run(async ({ engine }) => await engine.stop())
    await waitForEvent(t, master, notice({ type: 'priorityZeroReceived', source: lab.host('b').ipv4, state: 'BACKUP' }))
  }),
)

serialLabTest(
  'a Master answers a lower priority, and a preempt delay is told when it starts',
  inLab(['a', 'b'], async (t, lab) => {
    const low = await startEngine(lab.host('b'), instance({ priority: 100, advertIntUs }))
    await lab.waitForHolders(ADDRESS, 'b')
    // As Master it speaks so seldom that it hears the other before the other hears it.
    const high = await startEngine(lab.host('a'), instance({ priority: 200, preemptDelayUs: 1_000_000_000, advertIntUs: 40_000_000 }))
    await waitForEvent(t, high, notice({ type: 'preemptDelayStarted', delayUs: 1_000_000_000 }))
    await low.run(async ({ engine }, config) => await engine.apply(config), engineConfig(instance({ priority: 220, advertIntUs })))
    await waitForEvent(t, high, notice({ type: 'preemptDelayStopped' }))
    await low.run(async ({ engine }) => await engine.stop())
    await lab.waitForHolders(ADDRESS, 'a')
    await lab.partition(['a'], ['b'])
    await low.run(
      async (realm, config) => {
        await realm.open()
        await realm.engine.apply(config)
      },
      engineConfig(instance({ priority: 100 })),
    )
    await lab.waitForHolders(ADDRESS, 'a', 'b')
    await lab.heal()
    await waitForEvent(
      t,
      high,
      notice({ type: 'lowerPriorityAdvertisement', source: lab.host('b').ipv4, priority: 100, ours: 200, answered: true }),
    )
    await lab.waitForHolders(ADDRESS, 'a')
  }),
)

serialLabTest(
  'a version 3 Backup learns the interval of its Master, and tells what does not match',
  inLab(['a', 'b'], async (t, lab) => {
    await startEngine(lab.host('a'), instance({ advertIntUs: 200_000 }))
    await lab.waitForHolders(ADDRESS, 'a')
    const backup = await startEngine(
      lab.host('b'),
      instance({ priority: 100, advertIntUs: 1_000_000, virtualAddresses: [address('192.0.2.201')] }),
    )
    await waitForEvent(t, backup, notice({ type: 'intervalLearned', previousUs: 1_000_000, currentUs: 200_000 }))
    await waitForEvent(t, backup, notice({ type: 'addressMissing', source: lab.host('a').ipv4 }))
    await backup.run(
      async ({ engine }, config) => await engine.apply(config),
      engineConfig(instance({ priority: 100, advertIntUs: 1_000_000, virtualAddresses: [address(ADDRESS), address('192.0.2.201')] })),
    )
    await waitForEvent(t, backup, notice({ type: 'addressCountMismatch', source: lab.host('a').ipv4, expected: 2, received: 1 }))
  }),
)

const IPV6: Partial<InstanceConfig> = { family: 6, group: 'ff02::12', virtualAddresses: [address('fe80::c8', { prefixLength: 64 })] }

interface Disagreement {
  readonly sender: Partial<InstanceConfig>
  readonly senderPass?: string
  readonly receiver: Partial<InstanceConfig>
  readonly receiverPass?: string
  readonly rejection: Rejection
}

const REJECTIONS: Readonly<Record<string, Disagreement>> = {
  'another version over IPv6': {
    sender: IPV6,
    receiver: { ...IPV6, version: 2, advertIntUs: 1_000_000 },
    rejection: { reason: 'version', received: 3, expected: 2 },
  },
  'another version over IPv4, which has another length': {
    sender: { version: 3 },
    receiver: { version: 2, advertIntUs: 1_000_000 },
    rejection: { reason: 'version', received: 3, expected: 2 },
  },
  'another authentication type': {
    sender: { version: 2, advertIntUs: 1_000_000 },
    receiver: { version: 2, advertIntUs: 1_000_000 },
    receiverPass: 'secret',
    rejection: { reason: 'authenticationTypeMismatch', received: 0, expected: 1 },
  },
  'another password': {
    sender: { version: 2, advertIntUs: 1_000_000 },
    senderPass: 'public',
    receiver: { version: 2, advertIntUs: 1_000_000 },
    receiverPass: 'secret',
    rejection: { reason: 'authenticationFailed', what: 'password' },
  },
  'another interval of version 2': {
    sender: { version: 2, advertIntUs: 1_000_000 },
    receiver: { version: 2, advertIntUs: 2_000_000 },
    rejection: { reason: 'advertisementInterval', receivedUs: 1_000_000, expectedUs: 2_000_000 },
  },
  'another checksum rule of version 3': {
    sender: { checksum: 'no-pseudo-header' },
    receiver: {},
    rejection: { reason: 'checksum' },
  },
}

for (const [name, { sender, senderPass, receiver, receiverPass, rejection }] of Object.entries(REJECTIONS)) {
  serialLabTest(
    `${name}: the advertisement is rejected, told and counted`,
    inLab(['a', 'b'], async (t, lab) => {
      const start = async (host: Host, config: InstanceConfig, password: string | undefined): Promise<Program> => {
        const program = await Program.start(host)
        await program.run(
          async (realm, [wanted, pass]) => {
            const [first] = wanted.instances
            if (first !== undefined && pass !== '') first.authPass = new TextEncoder().encode(pass)
            await realm.open()
            await realm.engine.apply(wanted)
          },
          [engineConfig(config), password ?? ''] as const,
        )
        return program
      }
      const receiving = await start(lab.host('b'), instance({ priority: 100, ...receiver }), receiverPass)
      await lab.waitForHolders(sender.virtualAddresses?.[0]?.address ?? ADDRESS, 'b')
      await start(lab.host('a'), instance(sender), senderPass)
      const source = sender.family === 6 ? lab.host('a').linkLocal : lab.host('a').ipv4
      await waitForEvent(t, receiving, { type: 'notice', notice: { type: 'advertisementRejected', source, rejection } })
      const { instances } = await receiving.run(async ({ engine }) => await engine.snapshot())
      const counted = Object.entries(instances[0]?.statistics.rejected ?? {}).filter(([, count]) => count > 0)
      t.deepEqual(
        counted.map(([key]) => key),
        [rejection.reason],
      )
    }),
  )
}
