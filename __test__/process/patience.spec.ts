import test from 'ava'
import { KaError } from '../../src/errors.ts'
import { outwaitDying } from '../../src/process/patience.ts'

const held = (): KaError => new KaError('KA_ERR_ALREADY_RUNNING', 'held')

// It is patient for three seconds, which a process may stand still for: then once more.
test('what is held for a moment is tried again', async (t) => {
  const take = async (): Promise<string> => {
    const attempts = { left: 3 }
    return await outwaitDying(async () => {
      attempts.left -= 1
      return attempts.left > 0 ? await Promise.reject(held()) : 'taken'
    })
  }
  t.is(await take().catch(take).catch(take), 'taken')
})

test('what stays held is an error', async (t) => {
  const attempts = { made: 0 }
  const error = await t.throwsAsync(
    outwaitDying(async () => {
      attempts.made += 1
      return await Promise.reject(held())
    }),
  )
  t.is(error instanceof KaError && error.code, 'KA_ERR_ALREADY_RUNNING')
  t.true(attempts.made > 1)
})

test('any other error is one at once', async (t) => {
  const attempts = { made: 0 }
  await t.throwsAsync(
    outwaitDying(async () => {
      attempts.made += 1
      return await Promise.reject(new KaError('KA_ERR_PERMISSION', 'no'))
    }),
    { message: 'no' },
  )
  t.is(attempts.made, 1)
})
