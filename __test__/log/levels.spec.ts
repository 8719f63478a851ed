import test from 'ava'
import { levelOf, levelsOfDetail, parseLevels } from '../../src/log/levels.ts'

test('a level for everything, and for components', (t) => {
  const levels = parseLevels('warn,vrrp=debug,notify=error')
  t.is(levelOf(levels, 'vrrp'), 'debug')
  t.is(levelOf(levels, 'notify'), 'error')
  t.is(levelOf(levels, 'process'), 'warn')
  t.is(levelOf(levels, undefined), 'warn')
  t.is(levelOf(parseLevels('vrrp=debug'), 'config'), 'info', 'the default')
})

test('what is no level, no component or two of one is refused', (t) => {
  t.throws(() => parseLevels('loud'), { message: 'Levels are trace, debug, info, warn, error, fatal.' })
  t.throws(() => parseLevels('vrrp=loud'), { message: /^Levels are / })
  t.throws(() => parseLevels('vrrp=info=debug'), { message: /^Levels are / })
  t.throws(() => parseLevels(''), { message: /^Levels are / })
  t.throws(() => parseLevels('vrpp=info'), { message: /^Components are process, config, vrrp, / })
  t.throws(() => parseLevels('info,debug'), { message: 'There is one level for everything else.' })
})

test('-D is debug, twice it is trace', (t) => {
  t.deepEqual(
    ([0, 1, 2] as const).map((detail) => levelsOfDetail(detail).root),
    ['info', 'debug', 'trace'],
  )
})
