import test from 'ava'
import { parseFacility } from '../../src/log/settings.ts'

test('facilities by the names and digits of -S', (t) => {
  t.is(parseFacility('daemon'), 3)
  t.is(parseFacility('user'), 1)
  t.is(parseFacility('local0'), 16)
  t.is(parseFacility('local7'), 23)
  t.is(parseFacility('1'), 17)
  for (const word of ['', '8', 'local8', 'mail', '01', ' 1']) t.is(parseFacility(word), undefined)
})
