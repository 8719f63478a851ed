/** `PidFile`: its content, its lock and its errors as JavaScript sees them, and how the real keepalived takes it. */
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { PidFile } from '#native'
import test from 'ava'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import { Program } from '../lab/program.ts'
import { Scratch } from '../process/scratch.ts'

/** For what changes the account of the whole process: nothing else may open files meanwhile. */
const rootTest = process.getuid?.() === 0 ? test.serial : test.serial.skip

test('a pid file holds our id until it is removed, which may be said twice', async (t) => {
  const scratch = await Scratch.make(t)
  const path = scratch.file('daemon.pid')
  writeFileSync(path, '1234567\n')
  const file = PidFile.acquire(path)
  t.is(readFileSync(path, 'utf8'), `${process.pid}\n`)
  t.is(statSync(path).mode & 0o777, 0o644)
  t.throws(() => PidFile.acquire(path), { code: 'KA_ERR_ALREADY_RUNNING', message: `${path} is held by process ${process.pid}` })
  file.remove()
  file.remove()
  t.throws(() => statSync(path), { code: 'ENOENT' })
})

test('a path that cannot be taken is an error that says why', async (t) => {
  const scratch = await Scratch.make(t)
  const target = scratch.file('target')
  writeFileSync(target, 'precious')
  symlinkSync(target, scratch.file('link'))
  t.throws(() => PidFile.acquire(scratch.file('link')), { code: 'ELOOP' })
  t.is(readFileSync(target, 'utf8'), 'precious')
  t.throws(() => PidFile.acquire(scratch.path), { code: 'EISDIR' })
  t.throws(() => PidFile.acquire(scratch.file('none/daemon.pid')), { code: 'ENOENT' })
  t.throws(() => PidFile.acquire('/dev/null'), { code: 'EINVAL' })
  t.throws(() => PidFile.acquire(''), { code: 'EINVAL' })
  t.throws(() => PidFile.acquire('a\0b'), { code: 'EINVAL' })
  t.throws(() => PidFile.acquire(7 as never), { code: 'KA_ERR_USAGE' })
})

rootTest('a directory that the account may not write is a missing permission', async (t) => {
  const scratch = await Scratch.make(t)
  const directory = scratch.file('closed')
  await scratch.script('closed', '', 0o600)
  t.throws(() => PidFile.acquire(`${directory}/daemon.pid`), { code: 'ENOTDIR' })
  const id = process.geteuid?.() ?? 0
  try {
    process.seteuid?.(65_534)
    t.throws(() => PidFile.acquire(directory), { code: 'KA_ERR_PERMISSION' })
  } finally {
    process.seteuid?.(id)
  }
})

// Its other half cannot be shown with Debian's keepalived: 2.2.7 does not lock its files yet.
labTest(
  'a pid file of ours keeps keepalived away',
  inLab(['a'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('ours')
    const path = `${directory.inside}/keepalived.pid`
    const program = await Program.start(lab.host('a'))
    await program.run(({ native }, file) => void native.PidFile.acquire(file), path)
    const conf = keepalivedConf({ vrid: 7, priority: 100, version: 3, advertInt: 1, addresses: ['192.0.2.100/24'] })
    const keepalived = await startDaemon(lab, 'a', 'keepalived', conf, { args: ['-p', path] })
    t.like(await keepalived.process.exited, { code: 0 })
    t.regex(keepalived.process.output.map(({ text }) => text).join('\n'), /daemon is already running/)
    t.is(readFileSync(`${directory.outside}/keepalived.pid`, 'utf8'), `${program.child.pid}\n`)
  }),
)
