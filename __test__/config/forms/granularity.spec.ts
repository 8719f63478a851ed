import test from 'ava'
import { dottedMask } from '../../../src/config/forms/granularity.ts'

/** What inet_aton(3) makes of them. */
const MASKS = {
  '255.255.255.0': '255.255.255.0',
  '255.0.255.0': '255.0.255.0',
  '255.255.0': '255.255.0.0',
  '255.65535': '255.0.255.255',
  '255.16777215': '255.255.255.255',
  '4294967295': '255.255.255.255',
  '24': '0.0.0.24',
  '0': '0.0.0.0',
  '0xffffff00': '255.255.255.0',
  '0377.0377.0.0': '255.255.0.0',
  '0xFF.255.0xf0.0': '255.255.240.0',
} as const

for (const [text, mask] of Object.entries(MASKS)) test(`${text} is the mask ${mask}`, (t) => t.is(dottedMask(text), mask))

for (const text of [
  '',
  'x',
  '256.0.0.0',
  '255.255.255.256',
  '255.65536.0',
  '4294967296',
  '1.2.3.4.5',
  '255..0.0',
  '-1',
  '+1',
  '09',
  '/24',
  '1.2.3.4 x',
]) {
  test(`'${text}' is no mask`, (t) => t.is(dottedMask(text), undefined))
}
