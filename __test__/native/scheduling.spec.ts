/** How the process and its threads are scheduled, named and kept in memory, and its namespaces: each call and its errors. */
import type { EngineScheduling, ThreadScheduling } from '#native'
import * as native from '#native'
import test from 'ava'
import { inLab, labTest } from '../lab/in-lab.ts'
import { Program, ProgramError } from '../lab/program.ts'

const SCHEDULING: EngineScheduling = { realtimePriority: 0, touchStack: false }

labTest(
  'schedule() resolves with what was refused, and rejects what makes no sense',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open({ realtimePriority: 0 }))
    const schedule = async (scheduling: object): Promise<unknown> =>
      await program.run(async ({ engine }, value) => {
        try {
          return await engine.schedule(value as EngineScheduling)
        } catch (error) {
          const { code, message } = error as { code?: string; message: string }
          return `${code} ${message}`
        }
      }, scheduling)
    t.deepEqual(await schedule({ ...SCHEDULING, realtimePriority: 2, nice: 5, cpus: [0], touchStack: true }), [])
    const status = await program.run(async ({ engine }) => (await engine.snapshot()).engine.realtime)
    t.true(status)
    t.deepEqual(await schedule({ ...SCHEDULING, cpus: [1023] }), [
      { setting: 'cpus', code: 'EINVAL', message: 'run on processors [1023]: Invalid argument' },
    ])
    for (const [wrong, sentence] of [
      [{ touchStack: false }, /^KA_ERR_USAGE scheduling: /],
      [{ ...SCHEDULING, realtimePriority: 100 }, /^KA_ERR_USAGE realtimePriority 100 is not an integer from 0 to 99$/],
      [{ ...SCHEDULING, nice: -21 }, /^KA_ERR_USAGE nice -21 is not an integer from -20 to 19$/],
      [{ ...SCHEDULING, nice: 0.5 }, /^KA_ERR_USAGE nice 0.5 is not an integer from -20 to 19$/],
      [{ ...SCHEDULING, cpus: [-1] }, /^KA_ERR_USAGE cpus -1 is not an integer from 0 to 8191$/],
      [{ ...SCHEDULING, runningLimitUs: 0 }, /^KA_ERR_USAGE runningLimitUs 0 is not an integer from 1 to 4294967295$/],
      [{ ...SCHEDULING, raiseLimit: 100 }, /^KA_ERR_USAGE raiseLimit 100 is not/],
      [{ ...SCHEDULING, raiseAfterUs: 0 }, /^KA_ERR_USAGE raiseAfterUs 0 is not/],
    ] as const) {
      t.regex(String(await schedule(wrong)), sentence)
    }
  }),
)

labTest(
  'an engine that is late or runs too long tells how its priority changed',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    await program.run(async ({ open }) => await open({ realtimePriority: 0 }))
    await program.run(async ({ engine, lower }) => {
      const conf =
        'vrrp_instance A {\n version 3\n interface eth0\n virtual_router_id 7\n advert_int 0.01\n virtual_ipaddress {\n 192.0.2.200\n }\n}'
      await engine.apply(lower(conf))
      await engine.schedule({ realtimePriority: 0, touchStack: false, raiseLimit: 1, raiseAfterUs: 1 })
    })
    const kinds = await program.run(async ({ engine, engineEvents, native: { Engine } }) => {
      const waitFor = async (type: string): Promise<unknown> => {
        for (let attempt = 0; attempt < 3_000; attempt += 1) {
          const found = engineEvents.find(({ event }) => event.type === type)
          if (found !== undefined) return found.event
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        return `no ${type} of ${Engine.name}`
      }
      const raised = await waitFor('raised')
      await engine.schedule({ realtimePriority: 1, touchStack: false, runningLimitUs: 1 })
      return [raised, await waitFor('demoted')]
    })
    const [raised, demoted] = kinds as [{ type: string; priority: number; lateMs: number }, unknown]
    t.like(raised, { type: 'raised', priority: 1 })
    t.true(raised.lateMs > 0)
    t.deepEqual(demoted, { type: 'demoted' })
  }),
)

test('threads that are not there are scheduled as well as any, and nonsense is refused', (t) => {
  t.deepEqual(native.scheduleThreads('ka-nobody', { realtimePriority: 3 }), [])
  const schedule = (scheduling: unknown): void => void native.scheduleThreads('ka-nobody', scheduling as ThreadScheduling)
  t.throws(
    () => {
      schedule({ realtimePriority: 1.5 })
    },
    { code: 'KA_ERR_USAGE', message: 'realtimePriority 1.5 is not an integer from 0 to 99' },
  )
  t.throws(
    () => {
      schedule(undefined)
    },
    { code: 'KA_ERR_USAGE' },
  )
  t.throws(() => native.scheduleThreads(7 as never, { realtimePriority: 0 }), { code: 'KA_ERR_USAGE' })
})

labTest(
  'a thread by its name: priority, nice value and processors, and what it may not have',
  inLab(['a'], async (t, lab) => {
    const refusals = async (prefix: readonly string[]): Promise<readonly [unknown, string]> => {
      const program = await Program.start(lab.host('a'), { prefix })
      const said = await program.run(({ native: addon }) => {
        addon.nameThread('ka-test')
        return addon.scheduleThreads('ka-test', { realtimePriority: 4, nice: -1, cpus: [0] })
      })
      const status = await lab.sandbox.exec(['grep', '-h', 'Cpus_allowed_list', `/proc/${program.child.pid}/status`])
      t.is(await lab.sandbox.exec(['cat', `/proc/${program.child.pid}/comm`]), 'ka-test\n')
      return [said, status]
    }
    t.deepEqual(await refusals([]), [[], 'Cpus_allowed_list:\t0\n'])
    const withoutPrivilege = ['prlimit', '--rtprio=0', '--nice=0', 'setpriv', '--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice']
    t.deepEqual(await refusals(withoutPrivilege), [
      [
        { setting: 'realtimePriority', code: 'EPERM', message: 'SCHED_RR priority 4 is not permitted' },
        { setting: 'nice', code: 'EACCES', message: 'set nice value -1: Permission denied' },
      ],
      'Cpus_allowed_list:\t0\n',
    ])
  }),
)

labTest(
  'memory is locked and unlocked, and JavaScript goes on',
  inLab(['a'], async (t, lab) => {
    const program = await Program.start(lab.host('a'))
    const locked = async (): Promise<string> => {
      const line = await lab.sandbox.exec(['grep', 'VmLck', `/proc/${program.child.pid}/status`])
      return line.replace(/^VmLck:\s+(\d+) kB\n$/, '$1')
    }
    await program.run(({ native: addon }) => {
      addon.lockMemory(true)
    })
    t.not(await locked(), '0')
    const garbage = await program.run(() => {
      const sizes: number[] = []
      for (let round = 0; round < 30; round += 1) sizes.push(Array.from({ length: 100_000 }, (_, index) => ({ index })).length)
      // Much code, which is written into pages that were there, and removed again.
      const found = Array.from({ length: 30 }, (_, round) => {
        const words = Array.from({ length: 2_000 }, (__, index) => `word${index}[^${round}]`)
        const pattern = new RegExp(words.join('|'))
        // It is compiled when it is used again.
        const answers = ['none', 'none', 'word1999x'].map((text) => pattern.test(text))
        return answers.join() === 'false,false,true' ? 1 : 0
      })
      return sizes.length + found.filter((count) => count === 1).length
    })
    t.is(garbage, 60)
    await program.run(({ native: addon }) => {
      addon.lockMemory(false)
    })
    t.is(await locked(), '0')
    t.throws(
      () => {
        native.lockMemory('yes' as never)
      },
      { code: 'KA_ERR_USAGE' },
    )
    t.throws(
      () => {
        native.nameThread('a\0b')
      },
      { code: 'EINVAL' },
    )
  }),
)

labTest(
  'core files that a limit forbids for good are an error',
  inLab(['a'], async (t, lab) => {
    const prefix = ['setpriv', '--bounding-set', '-sys_resource', '--inh-caps', '-sys_resource']
    const program = await Program.start(lab.host('a'), { prefix })
    const error = await t.throwsAsync(
      program.run(({ native: addon }) => {
        addon.allowCoreFiles()
      }),
      { instanceOf: ProgramError, message: 'raise RLIMIT_CORE: Operation not permitted' },
    )
    t.is(error?.code, 'EPERM')
  }),
)

labTest(
  'a namespace that cannot be entered is an error that says why',
  inLab(['a'], async (t, lab) => {
    const attempt = async (prefix: readonly string[], name: string): Promise<string> => {
      const program = await Program.start(lab.host('a'), { prefix })
      return await program.run(({ native: addon }, wanted) => {
        try {
          return addon.enterNetworkNamespace(wanted, '/run/ka-test', 'KA_TEST', 'KA_TEST_EVENTS', [])
        } catch (error) {
          const { code, message } = error as { code?: string; message: string }
          return `${code} ${message}`
        }
      }, name)
    }
    t.is(await attempt([], 'nowhere'), 'KA_ERR_NETWORK_NAMESPACE open /run/netns/nowhere: No such file or directory')
    t.is(await attempt([], '../netns/a'), 'KA_ERR_NETWORK_NAMESPACE open network namespace "../netns/a": Invalid argument')
    await lab.sandbox.exec(['sh', '-c', 'echo > /run/netns/file; ln -s a /run/netns/link'])
    t.is(await attempt([], 'file'), 'KA_ERR_NETWORK_NAMESPACE enter /run/netns/file: Invalid argument')
    t.regex(await attempt([], 'link'), /^KA_ERR_NETWORK_NAMESPACE open \/run\/netns\/link: /)
    const withoutPrivilege = ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin']
    t.is(await attempt(withoutPrivilege, 'a'), 'KA_ERR_PERMISSION create mount namespace: Operation not permitted')
    t.throws(() => native.enterNetworkNamespace('a', '/run/ka-test', 'KA_TEST', 'KA_TEST_EVENTS', [-1]), { code: 'KA_ERR_USAGE' })
    t.throws(
      () => {
        native.leaveNetworkNamespace('../a', '/run/ka-test')
      },
      { code: 'EINVAL' },
    )
    t.throws(
      () => {
        native.leaveNetworkNamespace('a', '/proc/self/ka-none')
      },
      { code: 'ENOENT' },
    )
  }),
)
