/** What is posted, in which order, and what becomes of it while the receiver is slow or dead. */
import { createHmac } from 'node:crypto'
import { hostname } from 'node:os'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { loadConfig } from '../../src/config/load.ts'
import type { Change, ToldState } from '../../src/notify/change.ts'
import { WebhookTarget } from '../../src/notify/webhook.ts'
import type { WebhookOptions, WebhookSetting } from '../../src/notify/webhook.ts'
import { waitFor } from '../lab/wait-for.ts'
import { serverChange } from './changes.ts'
import { recorder } from './records.ts'
import type { LogRecord } from './records.ts'
import { WebhookSink } from './webhook-sink.ts'
import type { Answerer } from './webhook-sink.ts'

const AMPLE_MS = 60_000
const SECRET = `whsec_${Buffer.from('a key of twenty-four oct').toString('base64')}`
const AT = Date.parse('2026-11-26T12:34:56.789Z')

/** Tries again at once. */
const EAGER: WebhookSetting = { rules: { firstPauseMs: 1, maxPauseMs: 10 } }

interface Setting {
  readonly sink: WebhookSink
  readonly target: WebhookTarget
  readonly records: LogRecord[]
  /** Tells a change: `A MASTER`. */
  readonly tell: (text: string) => void
}

async function setUp(
  t: ExecutionContext,
  answer: Answerer,
  { path = '/hook', setting = EAGER, ...options }: Partial<WebhookOptions> & { path?: string; setting?: WebhookSetting } = {},
): Promise<Setting> {
  const sink = await WebhookSink.listen(answer)
  const { log, records } = recorder()
  const target = new WebhookTarget({ url: `http://127.0.0.1:${sink.port}${path}`, ...options }, log, setting)
  target.configure(loadConfig({ file: 'keepalived.conf', text: 'global_defs {\nrouter_id R1\n}\n' }).config)
  t.teardown(async () => {
    await target.finish(0)
    await sink.close()
  })
  const state = { generation: 0 }
  const tell = (text: string): void => {
    const [name = '', to = ''] = text.split(' ')
    state.generation += 1
    const change: Change = {
      kind: 'INSTANCE',
      name,
      state: to as ToldState,
      from: 'BACKUP',
      priority: 150,
      generation: state.generation,
      atMs: AT + 0.25,
    }
    target.tell(change)
  }
  return { sink, target, records, tell }
}

const delivered = async (target: WebhookTarget): Promise<void> => {
  await waitFor('everything is delivered', () => target.size === 0)
}

test('a change is posted with all that is known of it, signed', async (t) => {
  const { sink, target, tell } = await setUp(t, () => ({ status: 200 }), { secret: SECRET, setting: { ...EAGER, instance: 'edge' } })
  tell('A MASTER')
  await delivered(target)
  const [request] = sink.requests
  t.deepEqual(request?.body, {
    version: 1,
    type: 'vrrp.instance.master',
    timestamp: '2026-11-26T12:34:56.789Z',
    kind: 'INSTANCE',
    name: 'A',
    state: 'MASTER',
    from: 'BACKUP',
    priority: 150,
    generation: 1,
    skipped: 0,
    host: hostname(),
    routerId: 'R1',
    instance: 'edge',
  })
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request?.headers ?? {}
  t.regex(String(id), /^msg_[0-9a-f-]{36}$/)
  const wanted = createHmac('sha256', 'a key of twenty-four oct')
    .update(`${String(id)}.${String(at)}.${request?.text}`)
    .digest('base64')
  t.is(signature, `v1,${wanted}`)
  t.true(Math.abs(Number(at) - Date.now() / 1_000) < 600, 'the time is that of the attempt')
})

test('changes of one instance arrive in order, one after the other, also when attempts fail', async (t) => {
  const { sink, target, tell } = await setUp(t, (_, count) => ({ status: count % 3 === 1 ? 503 : 200 }))
  const states: readonly ToldState[] = ['BACKUP', 'MASTER', 'FAULT', 'BACKUP', 'MASTER']
  for (const state of states) for (const name of ['A', 'B']) tell(`${name} ${state}`)
  await delivered(target)
  const accepted = sink.requests.filter((_, index) => (index + 1) % 3 !== 1).map(({ body }) => body)
  for (const name of ['A', 'B']) {
    t.deepEqual(
      accepted.filter((body) => body.name === name).map(({ state }) => state),
      states,
    )
  }
})

test('an attempt that is repeated has the same id', async (t) => {
  const { sink, target, tell } = await setUp(t, (_, count) => ({ status: count < 3 ? 500 : 200 }))
  tell('A MASTER')
  await delivered(target)
  t.is(sink.requests.length, 3)
  t.is(new Set(sink.requests.map(({ headers }) => headers['webhook-id'])).size, 1)
})

test('a receiver that wants none of it is not asked again', async (t) => {
  const { sink, target, tell, records } = await setUp(t, (_, count) => ({ status: count === 1 ? 403 : 302, headers: { location: '/' } }))
  tell('A MASTER')
  tell('A BACKUP')
  await delivered(target)
  t.deepEqual(sink.states(), ['A MASTER', 'A BACKUP'])
  t.deepEqual(
    records.map(({ msg, status }) => [msg, status]),
    [
      ['webhook refused', 403],
      ['webhook refused', 302],
    ],
  )
})

test('a receiver that is always at fault is given up on for this change, with a count', async (t) => {
  const { sink, target, tell, records } = await setUp(t, ({ body }) => ({ status: body.name === 'A' ? 500 : 200 }))
  tell('A MASTER')
  tell('B MASTER')
  await delivered(target)
  t.is(sink.states().filter((state) => state === 'A MASTER').length, 10)
  t.is(sink.states().filter((state) => state === 'B MASTER').length, 1)
  await target.finish(AMPLE_MS)
  t.true(records.some(({ msg, lost }) => msg === 'webhook given up' && lost === 1))
})

test('Retry-After is heeded', async (t) => {
  const { sink, target, tell, records } = await setUp(t, (_, count) =>
    count === 1 ? { status: 429, headers: { 'retry-after': '3600' } } : { status: 200 },
  )
  tell('A MASTER')
  await waitFor('it was tried', () => records.some(({ msg }) => msg === 'webhook not delivered, tried again later'))
  tell('B MASTER')
  await new Promise((resolve) => {
    setTimeout(resolve, 100)
  })
  t.is(sink.requests.length, 1)
  await target.finish(AMPLE_MS)
  t.is(sink.requests.length, 3, 'the end waits for nothing')
})

test('a slow receiver gets the last state of each instance, and learns how many are missing', async (t) => {
  const gate: { open?: () => void } = {}
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  const { sink, target, tell } = await setUp(t, async () => {
    await opened
    return { status: 200 }
  })
  for (let count = 0; count < 500; count++) tell(`A ${count % 2 === 0 ? 'MASTER' : 'BACKUP'}`)
  tell('A FAULT')
  t.true(target.size <= 17)
  gate.open?.()
  await delivered(target)
  t.is(sink.states().at(-1), 'A FAULT')
  const skipped = sink.requests.reduce((sum, { body }) => sum + body.skipped, 0)
  t.is(sink.requests.length + skipped, 501)
  const generations = sink.requests.map(({ body }) => body.generation)
  t.deepEqual(
    generations,
    generations.toSorted((a, b) => a - b),
  )
})

test('only the states that are asked for are posted', async (t) => {
  const { sink, target, tell } = await setUp(t, () => ({ status: 200 }), { states: ['MASTER', 'MASTER_RX_LOWER_PRI'] })
  for (const state of ['BACKUP', 'MASTER', 'MASTER_RX_LOWER_PRI', 'STOP']) tell(`A ${state}`)
  await delivered(target)
  t.deepEqual(sink.states(), ['A MASTER', 'A MASTER_RX_LOWER_PRI'])
})

test('unless asked for, what changes no state is not posted', async (t) => {
  const { sink, target, tell } = await setUp(t, () => ({ status: 200 }))
  for (const state of ['MASTER', 'MASTER_RX_LOWER_PRI', 'MASTER_PRIORITY', 'DELETED']) tell(`A ${state}`)
  await delivered(target)
  t.deepEqual(sink.states(), ['A MASTER', 'A DELETED'])
})

test('neither the path nor the secret is ever logged', async (t) => {
  const { target, tell, records } = await setUp(t, () => ({ status: 400 }), { path: '/services/T0K3N?key=T0K3N', secret: SECRET })
  tell('A MASTER')
  await delivered(target)
  await target.finish(AMPLE_MS)
  t.is(records.length, 1)
  t.false(/T0K3N|whsec|twenty-four/.test(JSON.stringify(records)))
})

test('a change of a server is posted with its virtual server', async (t) => {
  const { sink, target } = await setUp(t, () => ({ status: 200 }))
  target.tellServer(serverChange('R1', 'DOWN', { generation: 3, atMs: AT }))
  target.tellServer(serverChange('V', 'DOWN'))
  target.tellServer(serverChange('R2', 'DOWN', { toFifos: false }))
  await delivered(target)
  t.deepEqual(sink.requests.map(({ body }) => body.type).toSorted(), ['lvs.rs.down', 'lvs.vs.down'])
  t.deepEqual(sink.requests.find(({ body }) => body.type === 'lvs.rs.down')?.body as unknown, {
    version: 1,
    type: 'lvs.rs.down',
    timestamp: '2026-11-26T12:34:56.789Z',
    kind: 'RS',
    name: 'R1',
    service: 'V',
    state: 'DOWN',
    generation: 3,
    skipped: 0,
    host: hostname(),
    routerId: 'R1',
    instance: null,
  })
})

test('servers are posted in the states that are asked for', async (t) => {
  const { sink, target, tell } = await setUp(t, () => ({ status: 200 }), { states: ['DOWN'] })
  tell('A MASTER')
  target.tellServer(serverChange('R1', 'UP'))
  target.tellServer(serverChange('R1', 'DOWN'))
  await delivered(target)
  t.deepEqual(
    sink.requests.map(({ body }) => body.type),
    ['lvs.rs.down'],
  )
})
