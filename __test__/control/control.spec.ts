/** The control socket of a daemon over its life. */
import { chmodSync, existsSync } from 'node:fs'
import test from 'ava'
import { askDaemon } from '../../src/control/control-client.ts'
import { Control } from '../../src/control/control.ts'
import { controlSocketPath } from '../../src/control/socket-path.ts'
import { configOf, Scene } from '../lvs/scene.ts'
import { recorder } from '../notify/records.ts'
import { Scratch } from '../process/scratch.ts'
import { TWO_SERVICES } from './controlled-scene.ts'

const AMPLE_MS = 60_000

test('there is a socket once there are virtual servers, until the stop', async (t) => {
  const scratch = await Scratch.make(t)
  chmodSync(scratch.path, 0o755)
  const place = { runtimeDir: scratch.path, instanceName: 'edge' }
  const scene = await Scene.start(TWO_SERVICES)
  const control = new Control(place, scene.lvs, recorder().log)
  await control.configure(configOf(''))
  t.false(existsSync(controlSocketPath(place)))
  await control.configure(configOf(TWO_SERVICES))
  await control.configure(configOf(TWO_SERVICES))
  t.like(await askDaemon(place, { command: 'lvs' }), { services: { length: 2 } })
  await control.configure(configOf(''))
  t.true(existsSync(controlSocketPath(place)))
  await control.close(AMPLE_MS)
  t.false(existsSync(controlSocketPath(place)))
  await control.configure(configOf(TWO_SERVICES))
  t.false(existsSync(controlSocketPath(place)), 'a stop is the end')
})

test('a stop that comes while the socket is made leaves none, and neither does a process that ends at once', async (t) => {
  const scratch = await Scratch.make(t)
  chmodSync(scratch.path, 0o755)
  const place = { runtimeDir: scratch.path }
  const scene = await Scene.start(TWO_SERVICES)
  const stopped = new Control(place, scene.lvs, recorder().log)
  const opening = stopped.configure(configOf(TWO_SERVICES))
  await stopped.close(AMPLE_MS)
  await opening
  t.false(existsSync(controlSocketPath(place)))
  const control = new Control(place, scene.lvs, recorder().log)
  await control.configure(configOf(TWO_SERVICES))
  control.remove()
  t.false(existsSync(controlSocketPath(place)))
  await control.close(0)
})

test('that there can be no socket is said, and tried again at a reload', async (t) => {
  const scratch = await Scratch.make(t)
  const place = { runtimeDir: scratch.path }
  const { log, sentences } = recorder()
  const control = new Control(place, (await Scene.start(TWO_SERVICES)).lvs, log)
  await control.configure(configOf(TWO_SERVICES))
  t.deepEqual(sentences(), ['operators cannot reach the daemon, there is no control socket: others may write into the runtime directory'])
  chmodSync(scratch.path, 0o755)
  await control.configure(configOf(TWO_SERVICES))
  t.true(existsSync(controlSocketPath(place)))
  await control.close(AMPLE_MS)
})
