import pino from 'pino'
import test from 'ava'
import { NotifySocket } from '../../src/service/notify-socket.ts'
import { waitFor } from '../lab/wait-for.ts'

/** A socket that fails as it is told, and what it took. */
function open(): { socket: NotifySocket; taken: string[]; warnings: string[]; state: { code: string | undefined } } {
  const taken: string[] = []
  const warnings: string[] = []
  const state: { code: string | undefined } = { code: undefined }
  const send = (data: Uint8Array): void => {
    if (state.code !== undefined) throw Object.assign(new Error(state.code), { code: state.code })
    taken.push(Buffer.from(data).toString())
  }
  const log = pino({}, { write: (line: string) => warnings.push((JSON.parse(line) as { code: string }).code) })
  return { socket: new NotifySocket({ send }, log), taken, warnings, state }
}

test('assignments are lines, and no value begins another one', (t) => {
  const { socket, taken } = open()
  socket.send(['READY', 1], ['STATUS', 'one\nREADY=0\n'])
  t.deepEqual(taken, ['READY=1\nSTATUS=one READY=0 '])
})

test('a slow service manager gets everything in order, what finds no room excepted', async (t) => {
  const { socket, taken, warnings, state } = open()
  state.code = 'EAGAIN'
  for (let count = 0; count < 70; count += 1) socket.send(['STATUS', count])
  t.deepEqual(warnings, ['EAGAIN'], 'said once')
  state.code = undefined
  await waitFor('it is asked again', () => taken.length === 64)
  t.deepEqual(
    taken,
    Array.from({ length: 64 }, (_, count) => `STATUS=${count}`),
  )
})

test('one that is gone is told again later; it is said once each time', (t) => {
  const { socket, taken, warnings, state } = open()
  for (const code of ['ENOENT', 'ECONNREFUSED', undefined, 'ECONNREFUSED', 'ENOENT']) {
    state.code = code
    socket.send(['WATCHDOG', 1])
  }
  t.deepEqual(taken, ['WATCHDOG=1'])
  t.deepEqual(warnings, ['ENOENT', 'ECONNREFUSED'])
})
