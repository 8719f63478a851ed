import test from 'ava'
import { usesColor } from '../../src/cli/color.ts'
import type { ColorChoice } from '../../src/cli/color.ts'

const CASES: readonly (readonly [choice: ColorChoice, isTTY: boolean, environment: Readonly<Record<string, string>>, colored: boolean])[] =
  [
    ['auto', true, {}, true],
    ['auto', false, {}, false],
    ['auto', true, { NO_COLOR: '1' }, false],
    ['auto', true, { NO_COLOR: '' }, true],
    ['auto', true, { TERM: 'dumb' }, false],
    ['auto', false, { FORCE_COLOR: '1' }, true],
    ['auto', false, { FORCE_COLOR: '' }, true],
    ['auto', true, { FORCE_COLOR: '0' }, false],
    ['auto', true, { FORCE_COLOR: 'false' }, false],
    ['auto', false, { FORCE_COLOR: '3', NO_COLOR: '1' }, true],
    ['always', false, { NO_COLOR: '1' }, true],
    ['never', true, { FORCE_COLOR: '1' }, false],
  ]

for (const [choice, isTTY, environment, colored] of CASES) {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  test(`--color ${choice} ${isTTY ? 'on' : 'off'} a terminal ${variables.join(' ')}: ${colored ? 'colours' : 'none'}`, (t) => {
    t.is(usesColor(choice, isTTY ? { isTTY } : {}, environment), colored)
  })
}
