/** Priorities, processors, memory, names and masks: what the configuration says, and what the kernel has. */
import { getPriority } from 'node:os'
import test from 'ava'
import { engineScheduling, workerScheduling } from '../../src/process/scheduling.ts'
import type { SchedulingSettings } from '../../src/process/scheduling.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Child } from '../lab/child.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { ADDRESS, CONF, reload, startAsKeepalived } from './as-keepalived.ts'

function settings(...lines: readonly string[]): SchedulingSettings {
  return loadConfig({ file: 'keepalived.conf', text: `global_defs {\n${lines.join('\n')}\n}\n` }).config.globalDefs
}

test('without a word the engine has real time, and the worker has none', (t) => {
  t.deepEqual(engineScheduling(settings()), { realtimePriority: 1, touchStack: false })
  t.deepEqual(workerScheduling(settings()), { realtimePriority: 0 })
})

test('vrrp_ keywords are of the engine, checker_ keywords of the worker', (t) => {
  const all = settings(
    'vrrp_rt_priority 20',
    'vrrp_priority -5',
    'vrrp_cpu_affinity 0',
    'vrrp_rlimit_rttime 20000',
    'checker_rt_priority 3',
    'checker_priority 7',
    'checker_cpu_affinity 0',
    'bfd_no_swap',
    'max_auto_priority 30',
    'min_auto_priority_delay 1500000',
  )
  t.deepEqual(engineScheduling(all), {
    realtimePriority: 20,
    nice: -5,
    cpus: [0],
    runningLimitUs: 20_000,
    raiseLimit: 30,
    raiseAfterUs: 1_500_000,
    touchStack: true,
  })
  t.is(engineScheduling(all, 0).realtimePriority, 0)
  t.deepEqual(workerScheduling(all), { realtimePriority: 3, nice: 7, cpus: [0] })
  t.is(engineScheduling(settings('max_auto_priority -1')).raiseLimit, undefined)
})

const SCHED_OTHER = 0
const SCHED_RR = 2

interface Thread {
  readonly id: number
  readonly name: string
  readonly policy: number
  readonly priority: number
  readonly nice: number
  readonly cpus: string
}

/** A thread of a process of the lab (proc_pid_stat(5), proc_pid_status(5)). */
async function thread(lab: Lab<'a'>, child: Child, wanted: string): Promise<Thread> {
  const command = `for t in /proc/${child.pid}/task/*; do cat $t/stat; grep Cpus_allowed_list $t/status; done; true`
  const lines = (await lab.sandbox.exec(['sh', '-c', command])).split('\n')
  const found = lines.findIndex((line) => line.includes(`(${wanted}) `))
  const [stat = '', cpus = ''] = lines.slice(found, found + 2)
  const fields = stat
    .slice(stat.lastIndexOf(') ') + 2)
    .split(' ')
    .map(Number)
  return {
    id: Number.parseInt(stat, 10),
    name: wanted,
    policy: fields[38] ?? -1,
    priority: fields[37] ?? -1,
    nice: fields[16] ?? -100,
    cpus: cpus.split('\t')[1] ?? '',
  }
}

/** What proc_pid_status(5) says of a process of the lab. */
async function status(lab: Lab<'a'>, child: Child, key: string): Promise<string> {
  const text = await lab.sandbox.exec(['cat', `/proc/${child.pid}/status`])
  return new RegExp(`^${key}:\\s+(.*)$`, 'm').exec(text)?.[1] ?? ''
}

labTest(
  'the kernel has the process and its threads as the configuration says, and after a reload as the next one says',
  inLab(['a'], async (t, lab) => {
    const lines = [
      'vrrp_rt_priority 5',
      'vrrp_priority -3',
      'vrrp_cpu_affinity 0',
      'checker_no_swap',
      'process_name vrouter',
      'umask 022',
      'checker_priority 4',
    ]
    const asked = CONF.replace('global_defs {', `global_defs {\n${lines.join('\n')}`)
    const child = await startAsKeepalived(lab, 'ka-native', { conf: asked })
    await child.waitForLine(/Startup complete/)
    const others = await status(lab, child, 'Cpus_allowed_list')
    const { id, ...engine } = await thread(lab, child, 'ka-engine')
    t.deepEqual(engine, { name: 'ka-engine', policy: SCHED_RR, priority: 5, nice: -3, cpus: '0' })
    t.like(await thread(lab, child, 'vrouter'), { policy: SCHED_OTHER, nice: getPriority(), cpus: others })
    t.is(await status(lab, child, 'Name'), 'vrouter')
    t.is(await status(lab, child, 'Umask'), '0022')
    t.regex(await status(lab, child, 'VmLck'), /^ *[1-9]\d* kB$/)
    const limits = await lab.sandbox.exec(['cat', `/proc/${child.pid}/limits`])
    // RLIMIT_RTTIME would end Node; descriptors are what the host allows.
    t.regex(limits, /^Max realtime timeout +unlimited +unlimited/m)
    const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(limits) ?? []
    t.is(soft, hard)
    await reload(lab, child, CONF)
    await child.waitForLine(/Reload complete/)
    await waitFor('the engine is scheduled as without a word', async () => (await thread(lab, child, 'ka-engine')).priority === 1)
    await waitFor('memory is free again', async () => /^ *0 kB$/.test(await status(lab, child, 'VmLck')))
    t.deepEqual(await thread(lab, child, 'ka-engine'), {
      id,
      name: 'ka-engine',
      policy: SCHED_RR,
      priority: 1,
      nice: getPriority(),
      cpus: others,
    })
    t.is(await status(lab, child, 'Name'), 'ka-native')
    t.is(await status(lab, child, 'Umask'), '0177')
    // A thread that has lost real time has it again, although nothing is configured otherwise.
    await lab.sandbox.exec(['chrt', '--other', '--pid', '0', String(id)])
    t.is((await thread(lab, child, 'ka-engine')).policy, SCHED_OTHER)
    await reload(lab, child, CONF)
    await waitFor('it has real time again', async () => (await thread(lab, child, 'ka-engine')).policy === SCHED_RR)
    await lab.waitForHolders(ADDRESS, 'a')
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 0, signal: null })
  }),
)

labTest(
  'a command line that names a mask wins over the configuration',
  inLab(['a'], async (t, lab) => {
    const conf = CONF.replace('global_defs {', 'global_defs {\n  umask 022')
    const child = await startAsKeepalived(lab, 'ka-native', { conf, args: ['-u', '027'] })
    await child.waitForLine(/Startup complete/)
    t.is(await status(lab, child, 'Umask'), '0027')
    await child.signal('SIGTERM')
    await child.exited
  }),
)

labTest(
  'what the kernel does not grant is said with the capability that is missing, and done without',
  inLab(['a'], async (t, lab) => {
    const lines = ['vrrp_priority -3', 'vrrp_cpu_affinity 0', 'vrrp_no_swap']
    const conf = CONF.replace('global_defs {', `global_defs {\n${lines.join('\n')}`)
    const lost = '-sys_nice,-ipc_lock'
    const prefix = ['prlimit', '--rtprio=0', '--nice=0', '--memlock=65536', 'setpriv', '--bounding-set', lost, '--inh-caps', lost]
    const child = await startAsKeepalived(lab, 'ka-native', { conf, prefix })
    await lab.waitForHolders(ADDRESS, 'a')
    await reload(lab, child, conf)
    await child.waitForLine(/Reload complete/)
    const said = child.output
      .map(({ text }) => /missing capability .*(?= capability=)/.exec(text)?.[0])
      .filter((text) => text !== undefined)
    t.deepEqual(said.toSorted(), [
      'missing capability CAP_IPC_LOCK: memory may be swapped out: lock memory: Cannot allocate memory',
      'missing capability CAP_SYS_NICE: engine thread: set nice value -3: Permission denied',
      'missing capability CAP_SYS_NICE: no real-time scheduling: on a busy machine advertisements may be late',
    ])
    t.like(await thread(lab, child, 'ka-engine'), { policy: SCHED_OTHER, nice: getPriority(), cpus: '0' })
    await child.signal('SIGTERM')
    t.deepEqual(await child.exited, { code: 0, signal: null })
  }),
)
