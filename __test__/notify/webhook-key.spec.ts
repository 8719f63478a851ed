import test from 'ava'
import { keyOf } from '../../src/notify/webhook-key.ts'

test('keys have 24 to 64 octets, in base64 or as they are', (t) => {
  t.is(keyOf(`whsec_${Buffer.alloc(24, 7).toString('base64')}`)?.length, 24)
  t.is(keyOf('x'.repeat(64))?.length, 64)
  for (const bad of ['', 'short', 'x'.repeat(65), 'whsec_', 'whsec_short', 'whsec_not base64 at all, but long enough'])
    t.is(keyOf(bad), undefined, bad)
})
