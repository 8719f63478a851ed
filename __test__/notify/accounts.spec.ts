/** Notify scripts whose account cannot be looked up, or only slowly: with a getent(1) of our own in PATH. */
import test, { type ExecutionContext } from 'ava'
import pino, { type Logger } from 'pino'
import type { NotifyScripts, ScriptAccount, VrrpInstance } from '../../src/config/model.ts'
import { localHost } from '../../src/config/host.ts'
import { loadConfig } from '../../src/config/load.ts'
import { NotifyDispatcher } from '../../src/notify/dispatcher.ts'
import { Scratch } from '../process/scratch.ts'

const AMPLE_MS = 60_000

/** Known to no file of this machine: getent has to be asked. */
const STRANGER: ScriptAccount = { user: 'ka-native-stranger', group: undefined, supplementaryGroups: false }

interface LogRecord {
  readonly level: number
  readonly msg: string
  readonly script?: string
  readonly user?: string
  readonly reason?: string
}

function recorder(): { readonly log: Logger; readonly records: LogRecord[] } {
  const records: LogRecord[] = []
  return { log: pino({ base: null }, { write: (line) => void records.push(JSON.parse(line) as LogRecord) }), records }
}

/** An instance with the given scripts. */
function instance(notify: Partial<NotifyScripts>): VrrpInstance {
  const text = 'vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n  192.0.2.1\n }\n}\n'
  const { config } = loadConfig({ file: 'keepalived.conf', text, host: { ...localHost(), hasInterface: () => true } })
  const [read] = config.vrrpInstances
  if (read === undefined) throw new Error('the instance was not read')
  return { ...read, notify: { ...read.notify, ...notify } }
}

/** A directory whose script `note` appends its arguments to `seen`, and whose getent is the only one there is. */
async function setUp(t: ExecutionContext, getent: string | undefined): Promise<Scratch> {
  const scratch = await Scratch.make(t)
  await scratch.script('note', '#!/bin/sh\necho "$@" >> $DIR/seen\n')
  if (getent !== undefined) await scratch.script('getent', `#!/bin/sh\n${getent}\n`)
  const before = process.env['PATH']
  process.env['PATH'] = scratch.path
  t.teardown(() => {
    process.env['PATH'] = before
  })
  return scratch
}

for (const [name, getent] of [
  ['getent ends with 1', 'exit 1'],
  ['getent is killed', 'kill -KILL $$'],
  ['there is no getent', undefined],
] as const) {
  test.serial(`a script whose account cannot be looked up is not run, and the next one is: ${name}`, async (t) => {
    const scratch = await setUp(t, getent)
    const { log, records } = recorder()
    const dispatcher = new NotifyDispatcher(log)
    const command = { path: scratch.file('note'), args: [], account: undefined }
    dispatcher.configure(
      [instance({ notifyMaster: { ...command, account: STRANGER }, notify: { ...command, args: ['general'] }, notifyStop: command })],
      undefined,
    )
    dispatcher.dispatch('VI_1', 'MASTER', 100)
    dispatcher.dispatch('VI_1', 'BACKUP', 99)
    t.deepEqual(await scratch.waitForLines('seen', 2), ['general INSTANCE VI_1 MASTER 100', 'general INSTANCE VI_1 BACKUP 99'])
    await dispatcher.finish(AMPLE_MS)
    const [record, ...others] = records.filter(({ msg }) => /account/.test(msg))
    t.regex(record?.msg ?? '', /^notify script not run: /)
    t.like(record, { script: scratch.file('note'), user: STRANGER.user })
    t.deepEqual(others, [])
  })
}
