import test from 'ava'
import { forgetServiceEnvironment, readServiceEnvironment } from '../../src/service/environment.ts'

test('what the service manager says is read, and taken away', (t) => {
  const env = {
    PATH: '/bin',
    NOTIFY_SOCKET: '/run/systemd/notify',
    WATCHDOG_USEC: '30000000',
    WATCHDOG_PID: '42',
    LISTEN_PID: '42',
    LISTEN_FDS: '1',
    LISTEN_FDNAMES: 'vrrp',
  }
  t.deepEqual(readServiceEnvironment(env, 42), { notifySocket: '/run/systemd/notify', watchdogMs: 30_000 })
  forgetServiceEnvironment(env)
  t.deepEqual(Object.keys(env), ['PATH'])
  t.deepEqual(readServiceEnvironment(env, 42), {})
})

test('a socket may be in the abstract namespace; another address is none of ours', (t) => {
  t.deepEqual(readServiceEnvironment({ NOTIFY_SOCKET: '@name' }), { notifySocket: '@name' })
  for (const socket of ['', '/', '@', 'vsock:2:1234', 'relative']) t.deepEqual(readServiceEnvironment({ NOTIFY_SOCKET: socket }), {})
})

test('the watchdog is another process’s, or ours; its time is a number', (t) => {
  t.deepEqual(readServiceEnvironment({ WATCHDOG_USEC: '500' }, 42), { watchdogMs: 0.5 })
  t.deepEqual(readServiceEnvironment({ WATCHDOG_USEC: '500', WATCHDOG_PID: '41' }, 42), {})
  for (const time of ['', '0', '-1', '1s', '1e3']) t.deepEqual(readServiceEnvironment({ WATCHDOG_USEC: time }, 42), {})
})
