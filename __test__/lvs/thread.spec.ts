/** The thread that programs IPVS, through the addon, on a kernel that has it: what is asked for, found, repaired and left behind. */
import test, { type ExecutionContext } from 'ava'
import { Ipvs, type IpvsEvent } from '#native'
import { guestTest, runInGuest } from '../lab/guest.ts'

/** Seconds: a loaded machine takes many times as long as an idle one. */
const LIMIT_S = 600

test.beforeEach((t) => {
  t.timeout((LIMIT_S + 60) * 1_000)
})

test('what the addon is handed and cannot use is said so', async (t) => {
  const open = async (...values: unknown[]) =>
    await t.throwsAsync(async () => await Ipvs.open(...(values as Parameters<typeof Ipvs.open>)), { code: 'KA_ERR_USAGE' })
  t.regex((await open(5, () => {}))?.message ?? '', /^options is not an object/)
  t.regex((await open({}, 5))?.message ?? '', /^wake is not a function/)
  t.regex((await open({ release: 'no' }, () => {}))?.message ?? '', /^options: /)
})

/** What a scenario of thread-guest.ts saw. */
async function see(t: ExecutionContext, scenario: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runInGuest(
    ['node', '--import=@oxc-node/core/register', '__test__/lvs/thread-guest.ts', scenario],
    LIMIT_S,
  )
  t.is(code, 0, stderr)
  const seen = (JSON.parse(stdout) as Record<string, Record<string, unknown>>)[scenario] ?? {}
  t.is(seen['failed'], undefined, stderr)
  return seen
}

const SERVICE = ['-A -t 10.0.1.1:80 -s wlc', '-a -t 10.0.1.1:80 -r 10.0.2.11:80 -m -w 1', '-a -t 10.0.1.1:80 -r 10.0.2.12:80 -m -w 1']
const FOREIGN = '-A -t 10.9.9.9:99 -s rr'
const TIMEOUTS = 'Timeout (tcp tcpfin udp): 900 120 300'

guestTest(
  'services of every kind are there as wanted, a reload without a change asks for nothing, and a stop leaves nothing',
  async (t) => {
    const seen = await see(t, 'kinds')
    t.deepEqual(seen['first'], { added: 7, changed: 0, unchanged: 0, removed: 0, messages: 16 })
    t.deepEqual(seen['table'], [
      '-A -f 9 -6 -s wlc -p 60 -M 64',
      '-A -f 9 -s wlc',
      '-A -t 10.0.1.1:443 -s wlc -p 360 -M 255.255.255.0',
      '-A -t 10.0.1.1:80 -s rr',
      '-A -t 10.0.1.1:81 -s wlc',
      '-A -t [fd00:1::1]:80 -s wlc',
      '-A -u 10.0.1.1:53 -s sh -o',
      '-a -f 9 -r 10.0.2.11:0 -i -w 1 --tun-type ipip',
      '-a -t 10.0.1.1:443 -r 10.0.2.11:443 -m -w 1',
      '-a -t 10.0.1.1:80 -r 10.0.2.11:80 -m -w 5',
      '-a -t 10.0.1.1:80 -r 10.0.2.12:80 -m -w 1',
      '-a -t 10.0.1.1:81 -r 10.0.2.11:81 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum',
      '-a -t 10.0.1.1:81 -r 10.0.2.12:81 -i -w 1 --tun-type gre --tun-csum',
      '-a -t [fd00:1::1]:80 -r [fd00:2::11]:80 -m -w 1',
      '-a -t [fd00:1::1]:80 -r [fd00:2::12]:80 -m -w 0',
      '-a -u 10.0.1.1:53 -r 10.0.2.11:53 -g -w 1',
    ])
    t.deepEqual(seen['again'], { added: 0, changed: 0, unchanged: 7, removed: 0, messages: 0 })
    t.deepEqual(seen['kept'], seen['again'], 'by their numbers it is the same')
    t.is(seen['refused'], 'KA_ERR_CONFIG_UNUSABLE')
    t.true(seen['areAsWanted'])
    t.is(seen['messages'], 16, 'looks at the table find nothing to repair')
    t.deepEqual(seen['events'], [])
    t.deepEqual(seen['recorded'], ['.ipvs', '.ipvs-lock'])
    t.deepEqual(seen['after'], [])
    t.deepEqual(seen['files'], ['.ipvs-lock'])
  },
)

guestTest('what is there at the start under keys of ours is put right, and of others nothing is touched but by a flush', async (t) => {
  const seen = await see(t, 'foreign')
  const foreign = [FOREIGN, '-a -t 10.9.9.9:99 -r 10.0.2.98:80 -m -w 1']
  t.deepEqual(seen['table'], [...SERVICE, ...foreign].sort())
  t.deepEqual(seen['events'], [])
  t.deepEqual(seen['after'], foreign)
  t.deepEqual(seen['flushed'], SERVICE)
  t.deepEqual(seen['notAgain'], [...SERVICE, FOREIGN].sort())
  t.deepEqual(seen['end'], [])
})

guestTest('what others change in services of ours is put right and told', async (t) => {
  const seen = await see(t, 'repair')
  const [service, address] = ['10.0.1.1:tcp:80', '10.0.2']
  t.deepEqual(seen['seen'], [
    { type: 'repaired', what: 'serviceMissing', service },
    { type: 'repaired', what: 'serviceChanged', service },
    { type: 'repaired', what: 'destinationMissing', service, destination: `${address}.11:80` },
    { type: 'repaired', what: 'destinationChanged', service, destination: `${address}.12:80` },
    { type: 'repaired', what: 'foreignDestination', service, destination: `${address}.99:80` },
  ])
  t.is(seen['repairs'], 5)
  t.deepEqual(seen['after'], [])
})

guestTest('a service whose servers are swapped is never without one', async (t) => {
  const seen = await see(t, 'swap')
  const { looks, empty } = seen['watched'] as { looks: number; empty: number }
  t.true(looks > 0)
  t.is(empty, 0)
  // The last time the sorry server was inhibited.
  t.is(seen['destinations'], 21)
  t.deepEqual(seen['after'], [])
})

guestTest('a thousand services with ten servers each come in few writes, and all of them go', async (t) => {
  const seen = await see(t, 'many')
  t.like(seen['first'], { added: 1000, messages: 11_000 })
  t.is(seen['writes'], 172)
  t.is(seen['lines'], 11_000)
  t.like(seen['again'], { unchanged: 1000, messages: 0 })
  t.like(seen['changed'], { changed: 1, unchanged: 999, messages: 1 })
  t.deepEqual(seen['after'], [])
  t.log(seen['took'])
})

guestTest('what a process that was killed left goes with the next start or with a release', async (t) => {
  const seen = await see(t, 'killed')
  t.is((seen['left'] as string[]).length, 6)
  t.is(seen['second'], 'KA_ERR_ALREADY_RUNNING')
  t.deepEqual(seen['started'], SERVICE)
  t.is(seen['timeouts'], TIMEOUTS)
  t.deepEqual(seen['stopped'], [])
  t.deepEqual(seen['released'], [
    'released virtual server 10.0.1.1:tcp:80',
    'released virtual server 10.0.1.1:tcp:8080',
    'released timeouts of IPVS',
  ])
  t.deepEqual(seen['rest'], [FOREIGN], 'what is of others stays')
  t.is(seen['restTimeouts'], TIMEOUTS)
  t.is(seen['kept'], 3, 'without a release at the stop all stays')
  t.true((seen['keptFiles'] as string[]).includes('.blue.ipvs'))
  t.deepEqual(seen['releasedKept'], ['released virtual server 10.0.1.1:tcp:80'])
  t.deepEqual(seen['end'], [])
  t.false((seen['endFiles'] as string[]).includes('.blue.ipvs'))
})

guestTest('timeouts are set as long as they are configured, and then as they were', async (t) => {
  const seen = await see(t, 'timeouts')
  t.is(seen['original'], TIMEOUTS)
  t.is(seen['set'], 'Timeout (tcp tcpfin udp): 600 120 300')
  t.is(seen['messagesAgain'], 0)
  t.is(seen['other'], 'Timeout (tcp tcpfin udp): 900 120 77')
  t.is(seen['without'], TIMEOUTS)
  t.is(seen['last'], 'Timeout (tcp tcpfin udp): 900 7 300')
  t.is(seen['end'], TIMEOUTS)
  t.deepEqual(seen['files'], ['.ipvs-lock'])
})

guestTest('sync daemons run as configured, and one that follows an instance has its role without JavaScript', async (t) => {
  const seen = await see(t, 'sync')
  const daemon = (role: string, id: number, ttl: number) =>
    `${role} sync daemon (mcast=eth0, syncid=${id}, maxlen=1472, group=224.0.0.81, port=8848, ttl=${ttl})`
  t.deepEqual(seen['two'], [daemon('master', 3, 1), daemon('backup', 3, 1)])
  t.is(seen['messagesAgain'], 0)
  t.is(seen['strange'], 'KA_ERR_USAGE')
  t.deepEqual(seen['backup'], [daemon('backup', 51, 4)])
  t.deepEqual(seen['master'], [daemon('master', 51, 4)])
  t.deepEqual(seen['changed'], [daemon('master', 51, 5)], 'a reload changes a parameter and no role')
  t.deepEqual(seen['resigned'], [daemon('backup', 51, 5)])
  t.deepEqual(seen['stopped'], [daemon('backup', 51, 5)])
  t.deepEqual(seen['events'], [])
  t.deepEqual(seen['end'], [''])
})

guestTest('what the kernel refuses is told once, tried again, and concerns nothing else', async (t) => {
  const seen = await see(t, 'refused')
  const common = { type: 'refused', number: 1154, service: '10.0.1.1:tcp:81' }
  const nowhere = (destination: string) => ({
    ...common,
    number: 1159,
    service: '10.0.1.1:tcp:80',
    command: 'AddDestination',
    destination,
    errno: 22,
    code: 'EINVAL',
    text: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  })
  t.deepEqual(seen['events'] as IpvsEvent[], [
    { ...common, command: 'AddService', errno: 2, code: 'ENOENT', text: 'Scheduler or persistence engine not found' },
    {
      ...common,
      number: 1159,
      service: '10.0.1.1:tcp:80',
      command: 'AddDestination',
      destination: '10.0.2.11:80',
      errno: 34,
      code: 'ERANGE',
      text: 'Numerical result out of range',
    },
    nowhere('0.0.0.0:80'),
    nowhere('fd00:2::11:80'),
  ])
  t.deepEqual(seen['refused'], [
    ['10.0.1.1:tcp:80', true, null, ['ERANGE', null, 'EINVAL', 'EINVAL']],
    ['10.0.1.1:tcp:81', false, 'ENOENT', [null, null]],
  ])
  t.deepEqual(seen['table'], [SERVICE[0], SERVICE[2]])
  t.deepEqual(seen['repaired'], SERVICE)
  t.deepEqual(
    (seen['told'] as IpvsEvent[]).map((event) => event.type),
    ['applied'],
    'the second attempt is not told',
  )
  t.deepEqual(
    (seen['connections'] as { address: string }[]).map((it) => it.address),
    ['10.0.2.11', '10.0.2.12'],
  )
  t.deepEqual(
    (seen['invalid'] as [string, string][]).map(([code]) => code),
    ['KA_ERR_CONFIG_UNUSABLE', 'KA_ERR_CONFIG_UNUSABLE', 'KA_ERR_CONFIG_UNUSABLE'],
  )
  t.deepEqual(
    seen['usage'],
    Array.from({ length: 4 }, () => 'KA_ERR_USAGE'),
  )
  t.is(seen['late'], 'KA_ERR_STOPPED')
  t.deepEqual(seen['after'], [])
})

guestTest('what is only recorded is not there, and is forgotten at the end', async (t) => {
  const seen = await see(t, 'reserve')
  t.deepEqual(seen, { table: [], recorded: ['.ipvs', '.ipvs-lock'], files: ['.ipvs-lock'], timeouts: TIMEOUTS })
})

guestTest('a stop is none the worse for sync daemons that have not run yet', async (t) => {
  const seen = await see(t, 'brief')
  t.deepEqual(
    seen['ends'],
    Array.from({ length: 10 }, () => null),
  )
  t.is(seen['daemons'], '')
  t.deepEqual(seen['files'], ['.ipvs-lock'])
})

guestTest('IPVS of another network namespace is programmed there', async (t) => {
  const seen = await see(t, 'namespace')
  t.deepEqual(seen['here'], [])
  t.deepEqual(seen['there'], SERVICE)
  t.is(seen['missing'], 'KA_ERR_NETWORK_NAMESPACE')
  t.true(seen['stopped'])
  t.deepEqual(seen['end'], [])
  // The empty name, from there.
  t.deepEqual(seen['initial'], [SERVICE, []])
  t.deepEqual(seen['initialEnd'], [])
})
