/** A {@link SmtpSink} as a program: listens on port 25 of loopback and writes each dialogue as a line of JSON when it is over. */
import { SmtpSink } from './smtp-sink.ts'

/** Between two looks at what is new. */
const LOOK_MS = 20

const sink = await SmtpSink.listen({}, 25)
const written = new Set<unknown>()
setInterval(() => {
  for (const session of sink.sessions) {
    if (!session.isOver || written.has(session)) continue
    written.add(session)
    process.stdout.write(`${JSON.stringify(session)}\n`)
  }
}, LOOK_MS)
process.stdout.write('ready\n')
