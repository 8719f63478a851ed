/** Real servers and quorum while they run (lvs.md §2), and keepalived's sentences (§7). */
import test from 'ava'
import { Scene } from './scene.ts'

const V = '[10.0.1.1]:tcp:80'
const R1 = '[10.0.2.1]:tcp:80'
const R2 = '[10.0.2.2]:tcp:80'
const SORRY = '[10.0.3.1]:tcp:80'

/** A real server with one checker. */
function server(address: string, more = ''): string {
  return `real_server ${address} 80 {
    notify_up "/usr/bin/true up ${address}"
    notify_down "/usr/bin/true down ${address}"
    smtp_alert false
    ${more}
    TCP_CHECK {
    }
  }`
}

function conf(settings: string, servers: string, globals = ''): string {
  return `global_defs {
    script_user root
    ${globals}
  }
  virtual_server 10.0.1.1 80 {
    protocol TCP
    lvs_sched rr
    lvs_method NAT
    quorum_up "/usr/bin/true quorum up"
    quorum_down "/usr/bin/true quorum down"
    ${settings}
    ${servers}
  }`
}

const TWO = `${server('10.0.2.1')} ${server('10.0.2.2')}`

test('healthy servers are in the kernel at once, and quorum alone is told', async (t) => {
  const scene = await Scene.start(conf('', TWO))
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1'])
  t.deepEqual(scene.takeLines(), [`Gained quorum 1+0=1 <= 2 for VS ${V}`])
  t.deepEqual(scene.takeTold(), [`VS ${V} UP | script quorum up`])
  t.true(scene.checkers.isCommitted)
  scene.say('10.0.2.1', true)
  t.deepEqual(scene.takeTold(), [])
})

test('`rs_init_notifies` tells of servers before their quorum', async (t) => {
  const scene = await Scene.start(conf('', TWO, 'rs_init_notifies'))
  t.deepEqual(scene.takeTold(), [
    `RS ${R1} ${V} UP | script up 10.0.2.1`,
    `RS ${R2} ${V} UP | script up 10.0.2.2`,
    `VS ${V} UP | script quorum up`,
  ])
})

test('a server that fails leaves, the last one takes quorum with it, and both come back', async (t) => {
  const scene = await Scene.start(conf('', TWO))
  scene.takeLines()
  scene.takeTold()
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.takeLines(), [`Removing service ${R1} from VS ${V}`])
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN | script down 10.0.2.1`])
  scene.say('10.0.2.2', false)
  t.deepEqual(scene.takeLines(), [`Removing service ${R2} from VS ${V}`, `Lost quorum 1-0=1 > 0 for VS ${V}`])
  t.deepEqual(scene.takeTold(), [`RS ${R2} ${V} DOWN | script down 10.0.2.2`, `VS ${V} DOWN | script quorum down`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 >'])
  scene.say('10.0.2.1', true)
  t.deepEqual(scene.takeLines(), [`Adding service ${R1} to VS ${V}`, `Gained quorum 1+0=1 <= 1 for VS ${V}`])
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} UP | script up 10.0.2.1`, `VS ${V} UP | script quorum up`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1'])
})

test('the sorry server comes before the last server goes, and goes after the first one is back', async (t) => {
  const scene = await Scene.start(conf('sorry_server 10.0.3.1 80\nquorum 2', TWO))
  scene.takeLines()
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.takeLines(), [
    `Removing service ${R1} from VS ${V}`,
    `Lost quorum 2-0=2 > 1 for VS ${V}`,
    `Adding sorry server ${SORRY} to VS ${V}`,
    `Removing alive servers from the pool for VS ${V}`,
  ])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.3.1:80=1'])
  const before = scene.table.batches.length
  scene.say('10.0.2.2', false)
  scene.say('10.0.2.2', true)
  t.is(scene.table.batches.length, before, 'nothing is asked of the kernel while the sorry server serves')
  scene.takeLines()
  scene.say('10.0.2.1', true)
  t.deepEqual(scene.takeLines(), [
    `Adding service ${R1} to VS ${V}`,
    `Gained quorum 2+0=2 <= 2 for VS ${V}`,
    `Removing sorry server ${SORRY} from VS ${V}`,
    `Adding alive servers to the pool for VS ${V}`,
  ])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1'])
  t.deepEqual(scene.table.emptied, [])
})

test('a sorry server that is inhibited is there with weight 0 while it does not serve', async (t) => {
  const scene = await Scene.start(conf('sorry_server 10.0.3.1 80\nsorry_server_inhibit\ninhibit_on_failure', TWO))
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1 10.0.3.1:80=0'])
  scene.say('10.0.2.1', false)
  scene.takeLines()
  scene.say('10.0.2.2', false)
  t.deepEqual(scene.takeLines(), [
    `Disabling service ${R2} of VS ${V}`,
    `Lost quorum 1-0=1 > 0 for VS ${V}`,
    `Enabling sorry server ${SORRY} to VS ${V}`,
    `Removing alive servers from the pool for VS ${V}`,
  ])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=0 10.0.3.1:80=1'])
  t.deepEqual(scene.table.emptied, [])
})

test('quorum has hysteresis', async (t) => {
  const four = ['10.0.2.1', '10.0.2.2', '10.0.2.3', '10.0.2.4'].map((address) => server(address)).join('\n')
  const scene = await Scene.start(conf('quorum 3\nhysteresis 1', four))
  scene.takeLines()
  scene.say('10.0.2.1', false)
  scene.say('10.0.2.2', false)
  t.false(scene.lines.some((line) => line.startsWith('Lost')))
  scene.say('10.0.2.3', false)
  t.is(scene.takeLines().at(-1), `Lost quorum 3-1=2 > 1 for VS ${V}`)
  scene.say('10.0.2.3', true)
  scene.say('10.0.2.2', true)
  t.false(scene.lines.some((line) => line.startsWith('Gained')))
  scene.say('10.0.2.1', true)
  t.is(scene.takeLines().at(-1), `Gained quorum 3+1=4 <= 4 for VS ${V}`)
})

test('alpha: nothing is said before a checker spoke; a first failure is told without a line', async (t) => {
  const scene = await Scene.start(conf('alpha', TWO))
  t.deepEqual(scene.takeLines(), [])
  t.deepEqual(scene.takeTold(), [])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 >'])
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.takeLines(), [])
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN | script down 10.0.2.1`])
  scene.say('10.0.2.2', true)
  t.deepEqual(scene.takeLines(), [`Adding service ${R2} to VS ${V}`, `Gained quorum 1+0=1 <= 1 for VS ${V}`])
  t.deepEqual(scene.takeTold(), [`RS ${R2} ${V} UP | script up 10.0.2.2`, `VS ${V} UP | script quorum up`])
})

test('alpha with a sorry server starts with quorum down', async (t) => {
  const scene = await Scene.start(conf('alpha\nsorry_server 10.0.3.1 80\ninhibit_on_failure', TWO))
  t.deepEqual(scene.takeLines(), [
    `Starting with quorum down 1+0=1 > 0 for VS ${V}`,
    `Adding sorry server ${SORRY} to VS ${V}`,
    `Removing alive servers from the pool for VS ${V}`,
  ])
  t.deepEqual(scene.takeTold(), [`VS ${V} DOWN | script quorum down`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=0 10.0.3.1:80=1'])
})

test('a server with two checkers is up when both are', async (t) => {
  const scene = await Scene.start(conf('alpha', server('10.0.2.1', 'PING_CHECK {\n}')))
  const [tcp, ping] = scene.of('10.0.2.1')
  ping?.say(true)
  t.deepEqual(scene.takeTold(), [], 'the other one has yet to succeed')
  tcp?.say(true)
  scene.lvs.takeIpvsEvents()
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} UP | script up 10.0.2.1`, `VS ${V} UP | script quorum up`])
  tcp?.say(false)
  scene.lvs.takeIpvsEvents()
  scene.takeTold()
  ping?.say(false)
  tcp?.say(true)
  t.deepEqual(scene.takeTold(), [])
  ping?.say(true)
  scene.lvs.takeIpvsEvents()
  t.is(scene.takeTold()[0], `RS ${R1} ${V} UP | script up 10.0.2.1`)
})

test('weights: of checkers, logged for inactive servers too; a weight of 0 stays and may lose quorum', async (t) => {
  const scene = await Scene.start(conf('weight 10', TWO))
  scene.takeLines()
  const [checker] = scene.of('10.0.2.1')
  checker?.weigh(-3)
  t.deepEqual(scene.takeLines(), [`Changing weight from 10 to 7 for active service ${R1} of VS ${V}`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=7 10.0.2.2:80=10'])
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.takeLines(), [`Removing service ${R1} from VS ${V}`], 'the part of a checker that fails ends without a word')
  checker?.weigh(-20)
  t.deepEqual(scene.takeLines(), [`Changing weight from 10 to 0 for inactive service ${R1} of VS ${V}`])
  scene.say('10.0.2.1', true)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=10'])
  scene.takeLines()
  scene.say('10.0.2.2', false)
  t.deepEqual(scene.takeLines(), [`Removing service ${R2} from VS ${V}`, `Lost quorum 1-0=1 > 0 for VS ${V}`])
  checker?.weigh(0)
  t.deepEqual(scene.takeLines(), [
    `Changing weight from 0 to 10 for active service ${R1} of VS ${V}`,
    `Gained quorum 1+0=1 <= 10 for VS ${V}`,
  ])
})

test('without any weight quorum is not there, and comes with the first weight', async (t) => {
  const scene = await Scene.start(conf('', server('10.0.2.1', 'weight 0')))
  t.deepEqual(scene.takeTold(), [])
  scene.of('10.0.2.1')[0]?.weigh(2)
  scene.lvs.takeIpvsEvents()
  t.deepEqual(scene.takeLines(), [
    `Changing weight from 0 to 2 for active service ${R1} of VS ${V}`,
    `Gained quorum 1+0=1 <= 2 for VS ${V}`,
  ])
})

test('mails: of each verdict, or of changes of a server alone', async (t) => {
  const mailed = TWO.replaceAll('smtp_alert false', '')
  for (const [globals, expected] of [
    ['', (isUp: boolean, words: string) => [`RS ${R1} ${V} ${isUp ? 'UP' : 'DOWN'} | no FIFO | => ${words} <=`]],
    ['no_checker_emails', () => []],
  ] as const) {
    const scene = await Scene.start(conf('smtp_alert', mailed.replace('TCP_CHECK', 'PING_CHECK {\n}\nTCP_CHECK'), globals))
    t.deepEqual(scene.takeTold(), [`VS ${V} UP | script quorum up | => Starting with quorum up 1+0=1 <= 2 <=`])
    const [tcp, ping] = scene.of('10.0.2.1')
    tcp?.say(true)
    t.deepEqual(scene.takeTold(), expected(true, 'TCP_CHECK succeeded'), 'the first verdict too')
    tcp?.say(false)
    scene.lvs.takeIpvsEvents()
    t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN | script down 10.0.2.1 | => TCP_CHECK failed <=`])
    ping?.say(false)
    t.deepEqual(scene.takeTold(), expected(false, 'PING_CHECK failed'))
    ping?.say(true)
    t.deepEqual(scene.takeTold(), expected(false, 'PING_CHECK succeeded'), 'the state is that of the server')
    scene.say('10.0.2.2', false)
    t.is(scene.takeTold().at(-1), `VS ${V} DOWN | script quorum down | => Lost quorum 1+0=1 <= 0 <=`)
  }
})

test('nobody is told of what the kernel has not done; numbers have no gaps', async (t) => {
  const scene = await Scene.start(conf('', TWO))
  scene.table.isSilent = true
  scene.say('10.0.2.1', false)
  scene.say('10.0.2.2', false)
  t.is(scene.changes.length, 1)
  scene.table.tellApplied()
  scene.lvs.takeIpvsEvents()
  t.deepEqual(
    scene.changes.map(({ sequence }) => sequence),
    [1, 2, 3, 4],
  )
  t.deepEqual(
    scene.events.map(({ sequence, type }) => `${sequence} ${type}`),
    ['1 quorumChanged', '2 realServerChanged', '3 realServerChanged', '4 quorumChanged'],
  )
})

test('a kernel that does not answer takes no memory: the latest of each server is told in the end', async (t) => {
  const scene = await Scene.start(conf('', TWO))
  scene.takeTold()
  scene.table.isSilent = true
  for (let index = 0; index < 20_000; index += 1) {
    scene.say('10.0.2.1', index % 2 === 1)
    scene.say('10.0.2.2', index % 2 === 1)
  }
  scene.table.tellApplied()
  scene.lvs.takeIpvsEvents()
  const told = scene.takeTold()
  t.true(told.length < 70_000)
  t.is(
    told.findLast((line) => line.startsWith(`RS ${R1}`)),
    `RS ${R1} ${V} UP | script up 10.0.2.1`,
  )
  t.is(
    told.findLast((line) => line.startsWith('VS')),
    `VS ${V} UP | script quorum up`,
  )
  t.true(scene.events.some((event) => 'skipped' in event && event.skipped > 0))
})

test('refusals and repairs are said and told', async (t) => {
  const scene = await Scene.start(conf('', TWO))
  scene.takeLines()
  const refused = { type: 'refused', service: '10.0.1.1:tcp:80' } as const
  scene.table.events.push(
    { ...refused, command: 'AddService', number: 1154, errno: 2, code: 'ENOENT', text: 'Scheduler or persistence engine not found' },
    {
      ...refused,
      command: 'AddDestination',
      number: 1159,
      destination: '10.0.2.1:80',
      errno: 17,
      code: 'EEXIST',
      text: 'Destination already exists',
    },
    {
      ...refused,
      command: 'SetDestination',
      number: 1161,
      destination: '10.0.2.1:80',
      errno: 34,
      code: 'ERANGE',
      text: 'Numerical result out of range',
    },
    { type: 'repaired', what: 'destinationMissing', service: '10.0.1.1:tcp:80', destination: '10.0.2.1:80' },
  )
  scene.lvs.takeIpvsEvents()
  t.deepEqual(scene.takeLines(), [
    'IPVS cmd IP_VS_SO_SET_ADD(1154) error: Scheduler or persistence engine not found(2) (10.0.1.1:tcp:80)',
    'IPVS cmd IP_VS_SO_SET_ADDDEST(1159) error: Destination already exists(17) (10.0.1.1:tcp:80 -> 10.0.2.1:80)',
    'IPVS cmd IP_VS_SO_SET_EDITDEST(1161) error: Numerical result out of range(34) (10.0.1.1:tcp:80 -> 10.0.2.1:80)',
    'IPVS server 10.0.2.1:80 of 10.0.1.1:tcp:80 was removed by somebody else: it is added again',
  ])
  t.deepEqual(
    scene.events.map(({ type }) => type),
    ['quorumChanged', 'ipvsRefused', 'ipvsRefused', 'ipvsRefused', 'ipvsRepaired'],
  )
})

test('a kernel that cannot be changed any more keeps nobody from being told', async (t) => {
  const scene = await Scene.start(conf('', TWO))
  scene.takeTold()
  await scene.table.stop()
  scene.say('10.0.2.1', false)
  t.is(scene.lines.at(-1), 'IPVS is not changed: the thread has ended')
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN | script down 10.0.2.1`])
})
