/**
 * Who is told, as a program: a mail relay on port 25 of loopback, a receiver of webhooks and a reader of the FIFO that it is called with.
 * Writes the port of the webhooks, then each second how many of each have come.
 */
import { spawn } from 'node:child_process'
import { SmtpSink } from '../../__test__/notify/smtp-sink.ts'
import { WebhookSink } from '../../__test__/notify/webhook-sink.ts'

const EVERY_MS = 1_000
const NEW_LINE = 10

const [fifo = ''] = process.argv.slice(2)
const counts = { mails: 0, webhooks: 0, fifoLines: 0 }
const relay = await SmtpSink.listen({}, 25)
const receiver = await WebhookSink.listen(() => ({ status: 200 }))

// cat opens the FIFO once it is there, and finds its end when the daemon makes it anew.
const reader = spawn('sh', ['-c', 'while :; do [ -p "$1" ] && cat "$1"; sleep 0.1; done', 'sh', fifo], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
reader.stdout.on('data', (octets: Buffer) => {
  counts.fifoLines += octets.reduce((lines, octet) => lines + (octet === NEW_LINE ? 1 : 0), 0)
})

setInterval(() => {
  // They are counted, not kept.
  counts.mails += relay.messages.splice(0).length
  counts.webhooks += receiver.requests.splice(0).length
  relay.sessions.splice(
    0,
    relay.sessions.findIndex(({ isOver }) => !isOver),
  )
  process.stdout.write(`${JSON.stringify(counts)}\n`)
}, EVERY_MS)
process.stdout.write(`port ${receiver.port}\n`)
