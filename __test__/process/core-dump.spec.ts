/** Core files: the limit, and the pattern that is put back. The setting of the host itself is left alone. */
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { restoreCorePattern, useCorePattern } from '../../src/process/core-dump.ts'
import { ADDRESS, startAsKeepalived } from './as-keepalived.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { Scratch } from './scratch.ts'

test('a pattern is put back, but not over that of somebody else', async (t) => {
  const scratch = await Scratch.make(t)
  const file = scratch.file('core_pattern')
  writeFileSync(file, '|/usr/lib/handler %p\n')
  const former = useCorePattern('core', file)
  t.is(readFileSync(file, 'utf8'), 'core\n')
  restoreCorePattern('core', former, file)
  t.is(readFileSync(file, 'utf8'), '|/usr/lib/handler %p\n')
  useCorePattern('core', file)
  writeFileSync(file, 'core.%p\n')
  restoreCorePattern('core', former, file)
  t.is(readFileSync(file, 'utf8'), 'core.%p\n')
})

test('a pattern that cannot be read is an error, and one that cannot be put back is none', async (t) => {
  const scratch = await Scratch.make(t)
  t.throws(() => useCorePattern('core', scratch.file('none')), { code: 'ENOENT' })
  t.notThrows(() => {
    restoreCorePattern('core', 'former', scratch.file('none'))
  })
})

labTest(
  '-m allows core files of any size; else they may be as large as whoever started us says',
  inLab(['a'], async (t, lab) => {
    for (const { args, limit } of [
      { args: [], limit: '0' },
      { args: ['-m'], limit: 'unlimited' },
    ]) {
      const child = await startAsKeepalived(lab, 'ka-native', { prefix: ['prlimit', '--core=0:unlimited'], args })
      await lab.waitForHolders(ADDRESS, 'a')
      const limits = await lab.sandbox.exec(['cat', `/proc/${child.pid}/limits`])
      t.is(/^Max core file size +(\S+)/m.exec(limits)?.[1], limit)
      await child.signal('SIGTERM')
      t.deepEqual(await child.exited, { code: 0, signal: null })
    }
  }),
)
