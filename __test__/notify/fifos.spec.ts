/** The FIFOs of a configuration, their accounts and their readers. One FIFO by itself is in fifo.spec.ts. */
import { closeSync, constants, openSync, readSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { makeFifo } from '#native'
import { FifoTarget, lineOf, type FifoMaking } from '../../src/notify/fifos.ts'
import { waitFor } from '../lab/wait-for.ts'
import { openRunner } from '../process/runner.ts'
import { replaceGetent, Scratch, waitForEnd } from '../process/scratch.ts'
import { change, groupChange, load, recorder, serverChange, type LogRecord } from './changes.ts'

const AMPLE_MS = 60_000

/** In /etc: nobody has to be asked. */
const ACCOUNT = userInfo().username

/** Writes that it was started and each line it reads, and ends at the end of the file. */
const READER = `#!/bin/bash
echo "$$ start $*" >> $DIR/life
while read -r line; do echo "$line" >> $DIR/seen; done < "\${@: -1}"
echo "$$ end" >> $DIR/life
`

interface Setting {
  readonly scratch: Scratch
  readonly target: FifoTarget
  readonly records: LogRecord[]
  readonly configure: (...globals: readonly string[]) => void
}

async function setUp(t: ExecutionContext, scratch?: Scratch, making: Pick<FifoMaking, 'umask' | 'patienceMs'> = {}): Promise<Setting> {
  const own = scratch ?? (await Scratch.make(t))
  await own.script('reader', READER)
  const { log, records } = recorder()
  const target = new FifoTarget(await openRunner(t), { makeFifo, ...making }, log)
  t.teardown(async () => {
    await target.finish(AMPLE_MS)
  })
  const configure = (...globals: readonly string[]): void => {
    target.configure(load(`global_defs {\n  ${globals.join('\n  ').replaceAll('$DIR', own.path)}\n}\n`))
  }
  return { scratch: own, target, records, configure }
}

/** Lines about something else than what is wrong are not interesting here. */
function warnings(records: readonly LogRecord[]): string[] {
  return records.filter(({ level }) => level >= 40).map(({ msg }) => msg)
}

test('a line names an instance or a group in quotes', (t) => {
  t.is(lineOf(change('VI 1', 'MASTER_RX_LOWER_PRI', 103)), 'INSTANCE "VI 1" MASTER_RX_LOWER_PRI 103')
  t.is(lineOf(groupChange('G', 'FAULT')), 'GROUP "G" FAULT 0')
})

test('a file creation mask of the command line wins over that of the configuration', async (t) => {
  process.umask(0)
  for (const [umask, mode] of [
    [undefined, 0o640],
    [0o22, 0o644],
  ] as const) {
    const { scratch, configure } = await setUp(t, undefined, { umask })
    configure('umask 027', 'vrrp_notify_fifo $DIR/fifo')
    t.is(statSync(scratch.file('fifo')).mode & 0o777, mode)
  }
})

test('changes are written to the common FIFO and to that of VRRP; without virtual servers there is none of LVS', async (t) => {
  const { scratch, target, records, configure } = await setUp(t)
  const reader = `$DIR/reader" ${ACCOUNT}`
  configure(
    'notify_fifo $DIR/common',
    `notify_fifo_script "${reader}`,
    'vrrp_notify_fifo $DIR/vrrp',
    `vrrp_notify_fifo_script "${reader.replace('reader"', "reader one 'two words'\"")}`,
    'lvs_notify_fifo $DIR/lvs',
  )
  t.throws(() => statSync(scratch.file('lvs')), { code: 'ENOENT' })
  target.tell(change('VI_1', 'BACKUP'))
  target.tell(groupChange('G', 'BACKUP'))
  const seen = await scratch.waitForLines('seen', 4)
  const lines = ['INSTANCE "VI_1" BACKUP 100', 'GROUP "G" BACKUP 0']
  t.deepEqual(seen.toSorted(), [...lines, ...lines].toSorted())
  const started = (await scratch.lines('life')).map((line) => line.replace(/^\d+ start /, ''))
  t.deepEqual(started.toSorted(), [scratch.file('common'), `one two words ${scratch.file('vrrp')}`].toSorted())
  target.tell(change('VI_1', 'STOP'))
  await target.finish(AMPLE_MS)
  // Readers that end by themselves have read everything.
  t.is((await scratch.lines('seen')).filter((line) => line === 'INSTANCE "VI_1" STOP 100').length, 2)
  for (const name of ['common', 'vrrp']) t.throws(() => statSync(scratch.file(name)), { code: 'ENOENT' })
  t.deepEqual(warnings(records), [])
})

test('with virtual servers the FIFO of LVS is made; it may be that of VRRP', async (t) => {
  const { scratch, target, records } = await setUp(t)
  const configure = (lvs: string): void => {
    const globals = `vrrp_notify_fifo ${scratch.file('vrrp')}\nlvs_notify_fifo ${scratch.file(lvs)}\nlvs_notify_fifo_script ${scratch.file('reader')} ${ACCOUNT}`
    const server = 'virtual_server 192.0.2.1 80 {\n  real_server 192.0.2.2 80 {\n  }\n}\n'
    target.configure(load(`global_defs {\n  ${globals}\n}\n${server}`))
  }
  configure('lvs')
  t.true(statSync(scratch.file('lvs')).isFIFO())
  t.regex((await scratch.waitForLines('life', 1))[0] ?? '', /\/lvs$/)
  configure('vrrp')
  t.throws(() => statSync(scratch.file('lvs')), { code: 'ENOENT' })
  target.tell(change('VI_1', 'BACKUP'))
  t.deepEqual(await scratch.waitForLines('seen', 1), ['INSTANCE "VI_1" BACKUP 100'])
  t.deepEqual(warnings(records), [])
})

test('a reload makes the FIFOs anew, ends their readers and starts them again', async (t) => {
  const { scratch, target, configure, records } = await setUp(t)
  // It opens the FIFO for writing too, so that it never sees the end of it.
  await scratch.script(
    'stays',
    '#!/bin/bash\necho $$ >> $DIR/pids\nexec 3<> $1\nwhile read -r line <&3; do echo "$$ $line" >> $DIR/seen; done\n',
  )
  const globals = ['vrrp_notify_fifo $DIR/vrrp', `vrrp_notify_fifo_script $DIR/stays ${ACCOUNT}`]
  configure(...globals)
  target.tell(change('VI_1', 'BACKUP'))
  await scratch.waitForLines('seen', 1)
  const before = statSync(scratch.file('vrrp'), { bigint: true })
  configure(...globals)
  const [first, second] = await scratch.waitForLines('pids', 2)
  await waitForEnd(Number(first))
  target.tell(change('VI_1', 'MASTER'))
  t.deepEqual(await scratch.waitForLines('seen', 2), [`${first} INSTANCE "VI_1" BACKUP 100`, `${second} INSTANCE "VI_1" MASTER 100`])
  t.true(statSync(scratch.file('vrrp')).isFIFO())
  t.not(statSync(scratch.file('vrrp'), { bigint: true }).ctimeNs, before.ctimeNs)
  configure()
  await waitForEnd(Number(second))
  t.throws(() => statSync(scratch.file('vrrp')), { code: 'ENOENT' })
  t.deepEqual(warnings(records), [])
})

test('a reader that ends is logged and not started again before the next reload', async (t) => {
  const { scratch, target, configure, records } = await setUp(t)
  await scratch.script('ends', '#!/bin/bash\nread -r line < $1\necho "$line" >> $DIR/seen\nexit 3\n')
  const globals = ['vrrp_notify_fifo $DIR/vrrp', `vrrp_notify_fifo_script $DIR/ends ${ACCOUNT}`]
  configure(...globals)
  target.tell(change('VI_1', 'BACKUP'))
  await waitFor('its end is logged', () => records.length === 1)
  t.like(records, [{ level: 40, msg: 'vrrp notify fifo script terminated', outcome: 'exited', code: 3, fifo: scratch.file('vrrp') }])
  target.tell(change('VI_1', 'MASTER'))
  await sleep(300)
  t.deepEqual(await scratch.lines('seen'), ['INSTANCE "VI_1" BACKUP 100'])
  configure(...globals)
  target.tell(change('VI_1', 'FAULT'))
  t.deepEqual((await scratch.waitForLines('seen', 2)).slice(1), ['INSTANCE "VI_1" FAULT 100'])
})

test('finish() ends a reader that does not end by itself, and nothing is written afterwards', async (t) => {
  const { scratch, target, configure, records } = await setUp(t)
  await scratch.script('stays', "#!/bin/bash\ntrap '' TERM\necho $$ >> $DIR/pids\nexec 3<> $1\nwhile :; do read -r line <&3; done\n")
  configure('vrrp_notify_fifo $DIR/vrrp', `vrrp_notify_fifo_script $DIR/stays ${ACCOUNT}`)
  const [pid] = await scratch.waitForLines('pids', 1)
  await target.finish(100)
  await waitForEnd(Number(pid))
  target.tell(change('VI_1', 'MASTER'))
  t.deepEqual(warnings(records), [])
})

test('a reader that cannot be started, or whose account does not exist, is an error; lines are written all the same', async (t) => {
  const { scratch, target, records } = await setUp(t)
  const stranger = { user: 'ka-native-stranger', group: undefined, supplementaryGroups: false }
  const { globalDefs, virtualServers } = load(
    `global_defs {\n  notify_fifo ${scratch.file('a')}\n  vrrp_notify_fifo ${scratch.file('b')}\n}\n`,
  )
  const known = { ...stranger, user: ACCOUNT }
  target.configure({
    globalDefs: {
      ...globalDefs,
      notifyFifoScript: { path: scratch.file('none'), args: [], account: known },
      vrrpNotifyFifoScript: { path: scratch.file('reader'), args: [], account: stranger },
    },
    virtualServers,
  })
  target.tell(change('VI_1', 'MASTER'))
  await waitFor('both are logged', () => records.length === 2)
  t.deepEqual(warnings(records).toSorted(), [
    'vrrp notify fifo script not run: its account does not exist',
    'vrrp notify fifo script terminated',
  ])
  t.like(
    records.find(({ outcome }) => outcome !== undefined),
    { outcome: 'notStarted', reason: 'ENOENT', fifo: scratch.file('a') },
  )
  t.true(statSync(scratch.file('b')).isFIFO())
})

test.serial('lines wait until it is known whom a FIFO belongs to', async (t) => {
  const scratch = await replaceGetent(
    t,
    'case $2 in ka-native-slow) until [ -e $DIR/go ]; do sleep 0.05; done; echo "$2:x:$(id -u):$(id -g):::";; *) exit 2;; esac',
  )
  const { target, records } = await setUp(t, scratch)
  const { globalDefs, virtualServers } = load('global_defs {\n}\n')
  const owner = (user: string): NonNullable<typeof globalDefs.notifyFifo>['account'] => ({
    user,
    group: undefined,
    supplementaryGroups: false,
  })
  const reader = { path: scratch.file('reader'), args: [], account: owner(ACCOUNT) }
  const notifyFifo = { path: scratch.file('slow'), account: owner('ka-native-slow') }
  const vrrpNotifyFifo = { path: scratch.file('none'), account: owner('ka-native-none') }
  target.configure({ globalDefs: { ...globalDefs, notifyFifo, notifyFifoScript: reader, vrrpNotifyFifo }, virtualServers })
  for (let number = 1; number <= 1_030; number += 1) target.tell(change('VI_1', 'MASTER', number))
  await waitFor('the other one is given up', () => records.length === 1)
  t.regex(records[0]?.msg ?? '', /^Unable to open vrrp_notify fifo .*: its account does not exist \(ka-native-none\);/)
  t.throws(() => statSync(scratch.file('slow')), { code: 'ENOENT' })
  await scratch.script('go', '')
  const seen = await scratch.waitForLines('seen', 1_024)
  t.is(seen[0], 'INSTANCE "VI_1" MASTER 1')
  t.is(seen[1_023], 'INSTANCE "VI_1" MASTER 1024')
  t.deepEqual(warnings(records).slice(1), ['6 lines for the FIFO were dropped'])
})

/** A virtual server, so that there are checkers. */
const SERVERS = 'virtual_server 10.0.1.1 80 {\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\nreal_server 10.0.2.1 80 {\n}\n}\n'

test('changes of servers are written to the common FIFO and to that of LVS, whose script reads it', async (t) => {
  const { scratch, target, records } = await setUp(t)
  const globals = [
    `notify_fifo ${scratch.file('common')}`,
    `vrrp_notify_fifo ${scratch.file('vrrp')}`,
    `lvs_notify_fifo ${scratch.file('lvs')}`,
    `lvs_notify_fifo_script "${scratch.file('reader')} one" ${ACCOUNT}`,
  ]
  target.configure(load(`global_defs {\n${globals.join('\n')}\n}\n${SERVERS}`))
  const common = openSync(scratch.file('common'), constants.O_RDONLY | constants.O_NONBLOCK)
  const vrrp = openSync(scratch.file('vrrp'), constants.O_RDONLY | constants.O_NONBLOCK)
  target.tellServer(serverChange('[10.0.2.1]:tcp:80', 'DOWN', { service: '[10.0.1.1]:tcp:80' }))
  target.tellServer({ ...serverChange('V', 'DOWN'), service: '[10.0.1.1]:tcp:80' })
  target.tellServer(serverChange('R', 'DOWN', { toFifos: false }))
  target.tell(change('VI_1', 'MASTER'))
  const lines = ['RS [10.0.2.1]:tcp:80 [10.0.1.1]:tcp:80 DOWN', 'VS [10.0.1.1]:tcp:80 DOWN']
  t.deepEqual(await scratch.waitForLines('seen', 2), lines)
  t.deepEqual(
    (await scratch.lines('life')).map((line) => line.replace(/^\d+ start /, '')),
    [`one ${scratch.file('lvs')}`],
  )
  const octets = Buffer.alloc(4_096)
  const written = octets.toString('latin1', 0, readSync(common, octets))
  t.is(written, [...lines, 'INSTANCE "VI_1" MASTER 100', ''].join('\n'), 'no octet stands between the lines')
  t.is(octets.toString('latin1', 0, readSync(vrrp, octets)), 'INSTANCE "VI_1" MASTER 100\n')
  for (const descriptor of [common, vrrp]) closeSync(descriptor)
  await target.finish(AMPLE_MS)
  t.deepEqual(warnings(records), [])
  for (const name of ['common', 'vrrp', 'lvs']) t.throws(() => statSync(scratch.file(name)), { code: 'ENOENT' })
})

test('one FIFO may be that of VRRP and that of LVS', async (t) => {
  const { scratch, target } = await setUp(t)
  const globals = [
    `vrrp_notify_fifo ${scratch.file('fifo')}`,
    `lvs_notify_fifo ${scratch.file('fifo')}`,
    `lvs_notify_fifo_script "${scratch.file('reader')}" ${ACCOUNT}`,
  ]
  target.configure(load(`global_defs {\n${globals.join('\n')}\n}\n${SERVERS}`))
  target.tell(change('VI_1', 'MASTER'))
  target.tellServer(serverChange('V', 'UP'))
  t.deepEqual(await scratch.waitForLines('seen', 2), ['INSTANCE "VI_1" MASTER 100', 'VS V UP'])
})

test('a burst of changes of servers waits for its reader, in order, and at the end too', async (t) => {
  // A busy machine may not let the reader go on for a second.
  const { scratch, target, records } = await setUp(t, undefined, { patienceMs: AMPLE_MS })
  await scratch.script('cat', '#!/bin/sh\necho >> $DIR/begun\nuntil [ -e $DIR/go ]; do sleep 0.05; done\ncat "$1" >> $DIR/seen\n')
  const globals = [`lvs_notify_fifo ${scratch.file('lvs')}`, `lvs_notify_fifo_script "${scratch.file('cat')}" ${ACCOUNT}`]
  target.configure(load(`global_defs {\n${globals.join('\n')}\n}\n${SERVERS}`))
  const lines = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `RS R${from + index} V DOWN`)
  // What finds no room is not kept for long.
  await scratch.waitForLines('begun', 1)
  for (let number = 0; number < 20_000; number += 1) target.tellServer(serverChange(`R${number}`, 'DOWN'))
  writeFileSync(scratch.file('go'), '')
  await scratch.waitForLines('seen', 20_000)
  for (let number = 20_000; number < 30_000; number += 1) target.tellServer(serverChange(`R${number}`, 'DOWN'))
  await target.finish(AMPLE_MS)
  t.deepEqual(await scratch.lines('seen'), lines(0, 30_000))
  t.deepEqual(warnings(records), [])
})

test('a burst for a FIFO that nobody reads is dropped after a while, said and counted', async (t) => {
  const { scratch, target, records } = await setUp(t)
  target.configure(load(`global_defs {\nlvs_notify_fifo ${scratch.file('lvs')}\n}\n${SERVERS}`))
  for (let number = 0; number < 20_000; number += 1) target.tellServer(serverChange(`R${number}`, 'DOWN'))
  t.deepEqual(warnings(records), [])
  await waitFor('it is said', () => warnings(records).length === 1)
  target.tellServer(serverChange('R', 'UP'))
  t.deepEqual(warnings(records), ['lines for the FIFO are dropped'])
  const descriptor = openSync(scratch.file('lvs'), constants.O_RDONLY | constants.O_NONBLOCK)
  const octets = Buffer.alloc(1_000_000)
  const held = octets.toString('latin1', 0, readSync(descriptor, octets)).split('\n').length - 1
  target.tellServer(serverChange('R', 'DOWN'))
  t.is(octets.toString('latin1', 0, readSync(descriptor, octets)), 'RS R V DOWN\n')
  closeSync(descriptor)
  t.deepEqual(warnings(records).slice(1), [`${20_001 - held} lines for the FIFO were dropped`])
})
