/** `ka-native start` with mail and webhooks: from its options to what receivers get. */
import { createHmac } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { liveInTime, saysNothingOf } from './in-time.ts'
import type { SinkRequest } from './webhook-sink.ts'

const SECRET = 'twenty-four octets or more'
const CONF = keepalivedConf({
  name: 'VI_1',
  vrid: 51,
  priority: 200,
  version: 3,
  advertInt: 0.1,
  addresses: ['192.0.2.200/24'],
  extra: ['smtp_alert'],
}).replace('router_id lab', 'router_id lab\n  smtp_server 127.0.0.1\n  notification_email {\n    ops@example.org\n  }')

async function program(lab: Lab<'a'>, name: string): Promise<Child> {
  const loader = import.meta.resolve('@oxc-node/core/register')
  return await lab.host('a').spawn([process.execPath, `--import=${loader}`, fileURLToPath(new URL(name, import.meta.url))])
}

function requests(receiver: Child): SinkRequest[] {
  const lines = receiver.lines('stdout').filter((line) => line.startsWith('{'))
  return lines.map((line) => JSON.parse(line) as SinkRequest)
}

serialLabTest(
  'webhooks are posted from the first state to the last, signed; mail is not sent in the clear where TLS is asked for',
  inLab(['a'], async (t, lab) => {
    const { inside, outside } = lab.sandbox.scratch
    await writeFile(`${outside}/secret`, `${SECRET}\n`, { mode: 0o600 })
    const relay = await program(lab, 'smtp-sink-program.ts')
    const receiver = await program(lab, 'webhook-sink-program.ts')
    const [, port = ''] = await receiver.waitForLine(/^port (\d+)$/)
    await relay.waitForLine(/^ready$/)

    const life = { path: '/hook' }
    const posted = (): SinkRequest[] => requests(receiver).filter(({ url }) => url === life.path)
    await liveInTime(async () => {
      // What the one before gave up may yet come.
      life.path += 's'
      const hook = ['--webhook', `http://127.0.0.1:${port}${life.path}`, '--webhook-secret-file', `${inside}/secret`]
      const args = [...hook, '--smtp-tls', 'starttls']
      const daemon = await startDaemon(lab, 'a', 'ka-native', CONF, { args })
      await waitFor('both states are posted', () => posted().length === 2)
      // The relay of this test knows neither EHLO nor STARTTLS.
      await daemon.process.waitForLine(/Error processing EHLO cmd on SMTP server \[127\.0\.0\.1\]:25\. SMTP status code = 502/)
      t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
      t.false(daemon.process.lines('stdout').some((line) => line.includes(SECRET) || line.includes('/hook')))
      return saysNothingOf(/webhook given up/, daemon.process)
    })

    await waitFor('the end is posted', () => posted().length === 3)
    t.deepEqual(
      posted().map(({ body }) => [body.name, body.from, body.state, body.priority]),
      [
        ['VI_1', 'INIT', 'BACKUP', 200],
        ['VI_1', 'BACKUP', 'MASTER', 200],
        ['VI_1', 'MASTER', 'STOP', 200],
      ],
    )
    for (const { headers, text } of posted()) {
      const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`
      t.is(headers['webhook-signature'], `v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`)
    }
  }),
)

serialLabTest(
  'a webhook that is none ends the start with a sentence',
  inLab(['a'], async (t, lab) => {
    const daemon = await startDaemon(lab, 'a', 'ka-native', CONF, { args: ['--webhook', 'ftp://hook.example.org/'] })
    t.deepEqual(await daemon.process.exited, { code: 1, signal: null })
    t.true(daemon.process.lines('stdout').some((line) => line.includes('the URL of a webhook begins with http:// or https://')))
  }),
)
