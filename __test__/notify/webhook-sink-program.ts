/** A {@link WebhookSink} as a program: writes its port, then each request as a line of JSON. */
import { WebhookSink } from './webhook-sink.ts'

const sink = await WebhookSink.listen((request) => {
  process.stdout.write(`${JSON.stringify(request)}\n`)
  return { status: 200 }
})
process.stdout.write(`port ${sink.port}\n`)
