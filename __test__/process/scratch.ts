import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext, type TestFn } from 'ava'
import { waitFor } from '../lab/wait-for.ts'

/** `test`, or `test.skip` where the ids of a process cannot be changed; the log then says so. */
export const rootTest: TestFn | TestFn['skip'] = process.getuid?.() === 0 ? test : skipped()

function skipped(): TestFn['skip'] {
  console.warn('tests of other accounts are skipped: not root')
  return test.skip
}

/** Where `sh` finds its programs, whatever a test has made of PATH. */
const PLAIN = { PATH: '/usr/bin:/bin' }

/** A directory of one test, which any user may enter, with scripts and what they write. */
export class Scratch {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async make(t: ExecutionContext): Promise<Scratch> {
    const path = await mkdtemp(join(tmpdir(), 'ka-native-test-'))
    // A script that is being ended may yet write a file.
    t.teardown(async () => await rm(path, { recursive: true, maxRetries: 10 }))
    // Scripts of other users write here too.
    await chmod(path, 0o777)
    return new Scratch(path)
  }

  file(name: string): string {
    return join(this.path, name)
  }

  /**
   * Writes an executable file; its path. `$DIR` in it is this directory.
   *
   * Another process writes what may be run: what this one has open for writing, any child of it has too until it runs its program, and
   * on a busy machine that may take so long that the script cannot be run (ETXTBSY).
   */
  async script(name: string, text: string, mode = 0o755): Promise<string> {
    const path = this.file(name)
    const input = text.replaceAll('$DIR', this.path)
    if (input === '') {
      await writeFile(path, '')
      await chmod(path, mode)
    } else {
      execFileSync('/bin/sh', ['-c', 'cat > "$1" && chmod "$2" "$1"', 'sh', path, mode.toString(8)], { input, env: PLAIN })
    }
    return path
  }

  /** The lines of a file, none when it is not there yet. */
  async lines(name: string): Promise<string[]> {
    try {
      return (await readFile(this.file(name), 'utf8')).split('\n').slice(0, -1)
    } catch {
      return []
    }
  }

  /** Waits until a file has so many lines. */
  async waitForLines(name: string, count: number): Promise<string[]> {
    const seen = async (): Promise<string[]> => await this.lines(name)
    return await waitFor(
      `${name} has ${count} lines`,
      async () => {
        const lines = await seen()
        return lines.length >= count && lines
      },
      { seen },
    )
  }
}

/** Waits until a process is gone: it has ended, whether or not somebody took note. */
export async function waitForEnd(pid: number): Promise<void> {
  await waitFor(`process ${pid} has ended`, async () => {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      return /\) [ZX] /.test(stat)
    } catch {
      return true
    }
  })
}

/** Puts a getent(1) of our own, a shell script, in place of the machine's; `undefined`: there is none, nor any other program. */
export async function replaceGetent(t: ExecutionContext, body: string | undefined): Promise<Scratch> {
  const scratch = await Scratch.make(t)
  if (body !== undefined) await scratch.script('getent', `#!/bin/sh\n${body}\n`)
  const before = process.env['PATH']
  process.env['PATH'] = body === undefined ? scratch.path : `${scratch.path}:${before}`
  t.teardown(() => {
    process.env['PATH'] = before
  })
  return scratch
}
