import test from 'ava'
import { allEnded } from '../../src/daemon/all-ended.ts'

test('all parts are waited for; of several that fail the first is thrown, and the others are logged', async (t) => {
  const logged: unknown[] = []
  const log = { error: (fields: { readonly err: Error }) => logged.push(fields.err.message) }
  const state = { hasEnded: false }
  const late = new Promise((resolve) => {
    setImmediate(resolve)
  }).then(() => {
    state.hasEnded = true
  })
  const parts = [Promise.reject(new Error('addresses are left')), late, Promise.reject(new Error('services are left'))]
  await t.throwsAsync(allEnded(parts, log as never), { message: 'addresses are left' })
  t.true(state.hasEnded)
  t.deepEqual(logged, ['services are left'])
  await allEnded([Promise.resolve()], log as never)
})
