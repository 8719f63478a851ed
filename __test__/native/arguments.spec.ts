/** What the addon is handed and cannot use: a rejected promise with a code of src/errors.ts and a message that names the field. */
import type { EngineConfig, InstanceConfig, VirtualAddress } from '#native'
import type { ExecutionContext } from 'ava'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Program } from '../lab/program.ts'
import { address, engineConfig, instance } from './engine-config.ts'

/** A value that JSON has no word for, made in the program. */
const STAND_INS = ['<undefined>', '<NaN>', '<Infinity>', '<function>'] as const

type StandIn = (typeof STAND_INS)[number]

const UNDEFINED: StandIn = '<undefined>'
const NAN: StandIn = '<NaN>'
const INFINITY: StandIn = '<Infinity>'
const FUNCTION: StandIn = '<function>'

/** The stand-in for so many octets. */
const octets = (count: number): string => `<${count} octets>`

type Method = 'open' | 'apply' | 'release' | 'stopNow' | 'setTrack'

/** A call, as the program makes it with real values for stand-ins. */
interface Attempt {
  readonly method: Method
  readonly values: readonly unknown[]
}

/** What became of it: how it failed, the code and the message. */
type Outcome = readonly ['threw' | 'rejected', string | undefined, string] | readonly ['accepted']

async function outcomes(program: Program, attempts: readonly Attempt[]): Promise<Outcome[]> {
  return await program.run(async ({ native, engine }, list) => {
    const standIns: Record<string, unknown> = {
      '<undefined>': undefined,
      '<NaN>': Number.NaN,
      '<Infinity>': Number.POSITIVE_INFINITY,
      '<function>': () => {},
    }
    const real = (value: unknown): unknown => {
      if (typeof value === 'string' && Object.hasOwn(standIns, value)) return standIns[value]
      const count = typeof value === 'string' ? /^<(\d+) octets>$/.exec(value)?.[1] : undefined
      if (count !== undefined) return new Uint8Array(Number(count))
      if (Array.isArray(value)) return value.map(real)
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, real(item)]))
      return value
    }
    type Arguments<Call extends (...values: never[]) => unknown> = Parameters<Call>
    const methods = {
      open: (...values: unknown[]): unknown => native.Engine.open(...(values as Arguments<typeof native.Engine.open>)),
      apply: (...values: unknown[]): unknown => engine.apply(...(values as Arguments<typeof engine.apply>)),
      stopNow: (...values: unknown[]): unknown => engine.stopNow(...(values as Arguments<typeof engine.stopNow>)),
      setTrack: (...values: unknown[]): unknown => engine.setTrack(...(values as Arguments<typeof engine.setTrack>)),
      release: (...values: unknown[]): unknown => native.release(...(values as Arguments<typeof native.release>)),
    }
    const failure = (how: 'threw' | 'rejected', error: unknown): Outcome => {
      const { code, message } = error as { code?: string; message: string }
      return [how, code, message]
    }
    const results: Outcome[] = []
    for (const { method, values } of list) {
      try {
        const result = methods[method](...values.map(real))
        results.push(
          await Promise.resolve(result).then(
            (): Outcome => ['accepted'],
            (error: unknown) => failure('rejected', error),
          ),
        )
      } catch (error) {
        results.push(failure('threw', error))
      }
    }
    return results
  }, attempts)
}

async function openEngine(lab: Lab<'a'>): Promise<Program> {
  const program = await Program.start(lab.host('a'))
  await program.run(async ({ open }) => await open())
  return program
}

/** These do not return promises. */
const SYNCHRONOUS: ReadonlySet<Method> = new Set(['stopNow', 'setTrack'])

/** Every call fails as it should: all but the synchronous ones with a rejection. */
async function allRefused(
  t: ExecutionContext,
  program: Program,
  code: string,
  cases: readonly (readonly [Method, unknown[], RegExp])[],
): Promise<void> {
  const results = await outcomes(
    program,
    cases.map(([method, values]) => ({ method, values })),
  )
  for (const [index, [method, values, message]] of cases.entries()) {
    const name = `${method}(${JSON.stringify(values).slice(0, 200)})`
    const [how, actualCode, text = ''] = results[index] ?? ['accepted']
    t.is(how, SYNCHRONOUS.has(method) ? 'threw' : 'rejected', `${name}: ${text}`)
    t.is(actualCode, code, `${name}: ${text}`)
    t.regex(text, message, name)
  }
}

serialLabTest(
  'open(), release() and stopNow() refuse arguments that are none of theirs',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab)
    const open = (options: unknown, message: RegExp): [Method, unknown[], RegExp] => ['open', [options, FUNCTION], message]
    await allRefused(t, program, 'KA_ERR_USAGE', [
      ['open', [], /options/],
      ['open', [null, FUNCTION], /options/],
      ['open', [{ signals: false }], /wake is not a function/],
      ['open', [{ signals: false }, 5], /wake is not a function/],
      ['setTrack', [], /results/],
      ['setTrack', [5], /results/],
      ['setTrack', [[5]], /results\[0\] is not an object/],
      ['setTrack', [[{ tracker: -1, generation: 1, state: 'up' }]], /tracker -1/],
      ['setTrack', [[{ tracker: 1, generation: 0.5, state: 'up' }]], /generation 0.5/],
      ['setTrack', [[{ tracker: 1, generation: 1, state: 'sideways' }]], /state 'sideways'/],
      open({}, /signals/),
      open({ signals: 'no' }, /signals/),
      open({ signals: false, instanceName: 5 }, /instanceName/),
      open({ signals: false, runtimeDir: null }, /runtimeDir/),
      open({ signals: false, realtimePriority: 100 }, /realtimePriority 100 is not an integer from 0 to 99/),
      open({ signals: false, realtimePriority: 2 ** 32 + 1 }, /realtimePriority 4294967297 is not an integer from 0 to 99/),
      open({ signals: false, realtimePriority: -1 }, /realtimePriority -1 is not/),
      open({ signals: false, heartbeatLimitMs: NAN }, /heartbeatLimitMs NaN is not an integer from 0 to 4294967295/),
      open({ signals: false, heartbeatLimitMs: 1.5 }, /heartbeatLimitMs 1\.5 is not/),
      open({ signals: false, heartbeatLimitMs: INFINITY }, /heartbeatLimitMs inf is not/),
      ['release', [5], /runtimeDir/],
      ['release', ['/run/none', {}], /instanceName/],
      ['stopNow', [], /deadlineMs/],
      ['stopNow', ['500'], /deadlineMs/],
      ['stopNow', [-1], /deadlineMs -1 is not an integer from 0 to 4294967295/],
      ['stopNow', [NAN], /deadlineMs NaN is not/],
      ['stopNow', [0.5], /deadlineMs 0\.5 is not/],
    ])
    // Nothing was opened, nothing stopped.
    await program.waitForThreads('ka-engine', 'ka-wake')
  }),
)

const withInstance = (changes: { readonly [Key in keyof InstanceConfig]?: unknown }): EngineConfig =>
  engineConfig(instance(changes as Partial<InstanceConfig>))

const withAddress = (changes: { readonly [Key in keyof VirtualAddress]?: unknown }): EngineConfig =>
  engineConfig(instance({ virtualAddresses: [address('192.0.2.200', changes as Partial<VirtualAddress>)] }))

const HMAC = { keys: [{ id: 1, key: octets(32) }], activeKey: 1, timeWindowS: 5, antiReplay: 'time', mode: 'enforce' }
const withHmac = (changes: Record<string, unknown>): EngineConfig => withInstance({ authHmac: { ...HMAC, ...changes } })
const withGarp = (changes: Record<string, unknown>): EngineConfig => withInstance({ garp: { ...instance().garp, ...changes } })

serialLabTest(
  'apply() refuses what is no configuration',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab)
    const apply = (config: unknown, message: RegExp): [Method, unknown[], RegExp] => ['apply', [config], message]
    await allRefused(t, program, 'KA_ERR_CONFIG_UNUSABLE', [
      ['apply', [], /config/],
      apply(null, /config/),
      apply(5, /config/),
      apply([], /config.*startupDelayMs/),
      apply({ startupDelayMs: 0 }, /config.*instances/),
      apply({ startupDelayMs: 0, instances: null }, /config.*instances/),
      apply({ startupDelayMs: 0, logUnknownVrids: 'yes', instances: [] }, /logUnknownVrids/),
      apply({ startupDelayMs: 0, garpPacing: [], instances: [] }, /garpPacing.*garpIntervalUs/),
      apply({ startupDelayMs: 0, garpPacing: 5, instances: [] }, /^garpPacing is not an object/),
      apply(
        { startupDelayMs: 0, garpPacing: { garpIntervalUs: 0, gnaIntervalUs: 0, groups: [null] }, instances: [] },
        /^garpPacing\.groups\[0\] is not an object/,
      ),
      apply({ startupDelayMs: 0, instances: {} }, /config.*instances/),
      apply({ startupDelayMs: 0, instances: [null] }, /^instances\[0\] is not an object/),
      apply({ startupDelayMs: 0, instances: [instance(), {}] }, /^instances\[1\]: .*name/),
      apply(withInstance({ name: 5 }), /name/),
      apply(withInstance({ name: UNDEFINED }), /name/),
      apply(withInstance({ preempt: 'yes' }), /preempt/),
      apply(withInstance({ vrid: null }), /vrid/),
      apply(withInstance({ vrid: '51' }), /vrid/),
      apply(withInstance({ garp: UNDEFINED }), /garp/),
      apply(withInstance({ garp: null }), /instance VI_1: garp is not an object/),
      apply(withGarp({ masterRepeat: '5' }), /instance VI_1: garp.*masterRepeat/),
      apply(withInstance({ virtualAddresses: null }), /virtualAddresses/),
      apply(withInstance({ virtualAddresses: [null] }), /instance VI_1: virtualAddresses is not an object/),
      apply(withInstance({ excludedAddresses: [{ address: 5 }] }), /instance VI_1: excludedAddresses: .*address/),
      apply(withInstance({ sourceAddress: null }), /sourceAddress/),
      apply(withInstance({ authPass: 'secret' }), /authPass/),
      apply(withInstance({ initialState: 'FAULT' }), /instance VI_1: state FAULT/),
    ])
    t.deepEqual((await program.run(async ({ engine }) => await engine.snapshot())).instances, [])
  }),
)

serialLabTest(
  'apply() refuses numbers that are no integers of their field, and names both',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab)
    const apply = (config: unknown, message: string | RegExp): [Method, unknown[], RegExp] => [
      'apply',
      [config],
      typeof message === 'string' ? new RegExp(`${message.replaceAll(/[.[\]]/g, String.raw`\$&`)}$`) : message,
    ]
    await allRefused(t, program, 'KA_ERR_CONFIG_UNUSABLE', [
      apply(withInstance({ vrid: 307 }), 'instance VI_1: vrid 307 is not an integer from 1 to 255'),
      apply(withInstance({ vrid: 2 ** 32 + 51 }), 'vrid 4294967347 is not an integer from 1 to 255'),
      apply(withInstance({ vrid: 0 }), 'vrid 0 is not an integer from 1 to 255'),
      apply(withInstance({ vrid: 51.9 }), 'vrid 51.9 is not an integer from 1 to 255'),
      apply(withInstance({ vrid: NAN }), 'vrid NaN is not an integer from 1 to 255'),
      apply(withInstance({ vrid: INFINITY }), 'vrid inf is not an integer from 1 to 255'),
      apply(withInstance({ priority: -1 }), 'priority -1 is not an integer from 1 to 255'),
      apply(withInstance({ family: 4.5 }), 'family 4.5 is neither 4 nor 6'),
      apply(withInstance({ version: 2 ** 32 + 3 }), 'VRRP version 4294967299 does not exist'),
      apply(withInstance({ advertIntUs: 2 ** 32 + 100_000 }), 'advertIntUs 4295067296 is not an integer from 10000 to 255000000'),
      apply(withInstance({ downTimerAdverts: 101 }), 'downTimerAdverts 101 is not an integer from 1 to 100'),
      apply(withInstance({ preemptDelayUs: 1_000_000_001 }), 'preemptDelayUs 1000000001 is not an integer from 0 to 1000000000'),
      apply(withInstance({ preempt: false, timerExpiredBackup: 255 }), 'timerExpiredBackup 255 is not an integer from 1 to 254'),
      apply(withInstance({ authAh: octets(9) }), 'authAh has 9 octets, at most 8 are possible'),
      apply(withInstance({ authPass: octets(8), authAh: octets(8) }), 'authPass and authAh exclude each other'),
      apply(withHmac({ keys: [{ id: 0, key: octets(32) }] }), '.id 0 is not an integer from 1 to 255'),
      apply(withHmac({ keys: [{ id: 1, key: octets(31) }] }), ': a key of 31 octets, 32 to 64 are possible'),
      apply(withHmac({ activeKey: 256 }), 'authHmac.activeKey 256 is not an integer from 1 to 255'),
      apply(withHmac({ timeWindowS: 301 }), 'authHmac.timeWindowS 301 is not an integer from 1 to 300'),
      apply(withHmac({ antiReplay: 'never' }), "authHmac.antiReplay 'never' is none of time, monotonic"),
      apply(withHmac({ mode: 'lenient' }), "authHmac.mode 'lenient' is none of enforce, permissive, receive-only"),
      apply(withHmac({ activeKey: 2 }), 'the keys of auth_hmac do not fit together, or there is a password too'),
      apply(withInstance({ checksum: 'any' }), "checksum 'any' does not exist"),
      apply(withInstance({ oldUnicastGroup: 'ff02::12' }), 'oldUnicastGroup ff02::12 is no IPv4 address'),
      apply(withGarp({ masterDelayMs: 4_294_001 }), 'garp.masterDelayMs 4294001 is not an integer from 0 to 4294000'),
      apply(withGarp({ masterRepeat: 0 }), 'garp.masterRepeat 0 is not an integer from 1 to 4294967295'),
      apply(withGarp({ masterRefreshS: 0.5 }), 'garp.masterRefreshS 0.5 is not an integer from 0 to 4294967295'),
      apply(withGarp({ masterRefreshRepeat: 0 }), 'garp.masterRefreshRepeat 0 is not an integer from 1 to 4294967295'),
      apply(withGarp({ lowerPrioDelayMs: -1 }), 'garp.lowerPrioDelayMs -1 is not an integer from 0 to 4294000'),
      apply(withGarp({ lowerPrioRepeat: 2 ** 32 }), 'garp.lowerPrioRepeat 4294967296 is not an integer from 0 to 4294967295'),
      apply(withAddress({ prefixLength: 33 }), 'instance VI_1: 192.0.2.200: prefixLength 33 is not an integer from 0 to 32'),
      apply(withAddress({ scope: 256 }), '192.0.2.200: scope 256 is not an integer from 0 to 255'),
      apply(withAddress({ preferredLifetimeS: -1 }), '192.0.2.200: preferredLifetimeS -1 is not an integer from 0 to 4294967295'),
      apply({ startupDelayMs: -1, instances: [] }, 'startupDelayMs -1 is not an integer from 0 to 4294967295'),
      apply({ startupDelayMs: NAN, instances: [] }, 'startupDelayMs NaN is not an integer from 0 to 4294967295'),
      apply({ startupDelayMs: 0, delayAfterBootMs: 0.5, instances: [] }, 'delayAfterBootMs 0.5 is not an integer from 0 to 4294967295'),
      apply(
        { startupDelayMs: 0, garpPacing: { garpIntervalUs: -1, gnaIntervalUs: 0, groups: [] }, instances: [] },
        'garpPacing.garpIntervalUs -1 is not an integer from 0 to 4294967295',
      ),
      apply(
        { startupDelayMs: 0, interfaceDelays: [{ interface: 'eth0', downUs: 0, upUs: -5 }], instances: [] },
        'interfaceDelays[0].upUs -5 is not an integer from 0 to 4294967295',
      ),
      apply(
        { startupDelayMs: 0, receiveBuffers: { bytes: 0, mtuMultiplier: 1.5, advertMultiplier: 0 }, instances: [] },
        'receiveBuffers.mtuMultiplier 1.5 is not an integer from 0 to 4294967295',
      ),
    ])
  }),
)

serialLabTest(
  'apply() refuses what it could only carry out in part',
  inLab(['a'], async (t, lab) => {
    const program = await openEngine(lab)
    const twice = (changes: Partial<VirtualAddress>): EngineConfig =>
      engineConfig(instance({ virtualAddresses: [address('192.0.2.200')], excludedAddresses: [address('192.0.2.200', changes)] }))
    await allRefused(t, program, 'KA_ERR_CONFIG_UNUSABLE', [
      [
        'apply',
        [engineConfig(instance(), instance({ vrid: 52, virtualAddresses: [address('192.0.2.201')] }))],
        /two instances are called VI_1/,
      ],
      ['apply', [twice({ prefixLength: 32 })], /instance VI_1: 192\.0\.2\.200 is listed twice on eth0, with different values/],
      ['apply', [twice({ label: 'eth0:vip' })], /192\.0\.2\.200 is listed twice/],
    ])
    await t.throwsAsync(
      program.run(
        async ({ engine }, config) => {
          const [first] = config.instances
          if (first !== undefined) first.authPass = new Uint8Array(9)
          await engine.apply(config)
        },
        engineConfig(instance({ version: 2, advertIntUs: 1_000_000 })),
      ),
      { code: 'KA_ERR_CONFIG_UNUSABLE', message: /instance VI_1: authPass has 9 octets, at most 8 are possible/ },
    )
    t.deepEqual(await outcomes(program, [{ method: 'apply', values: [twice({})] }]), [['accepted']])
    await lab.waitForHolders('192.0.2.200', 'a')
  }),
)
