import { chmod, readFile, writeFile } from 'node:fs/promises'

/** How one run of a script ends: with an exit status, by a signal of its own, or not before it is ended. */
export type Ending = number | 'killed' | 'hangs'

/** A program whose runs end as a list says, one after the other; those beyond the list end as the last one. */
export class ScriptedProgram {
  /** Where it is, as seen by those who run it. */
  readonly path: string
  readonly #runsFile: string

  private constructor(path: string, runsFile: string) {
    this.path = path
    this.#runsFile = runsFile
  }

  /**
   * @param directory as those see it who run the program, and as it is seen from here
   * @param start a file, as those see it; until it is there runs succeed, and do not count
   */
  static async make(
    directory: { readonly inside: string; readonly outside: string },
    name: string,
    endings: readonly Ending[],
    start?: string,
  ): Promise<ScriptedProgram> {
    const runs = `${directory.inside}/${name}.runs`
    const text = [
      '#!/bin/sh',
      ...(start === undefined ? [] : [`[ -e ${start} ] || exit 0`]),
      `n=$(cat ${runs} 2>/dev/null || echo 0)`,
      'n=$((n + 1))',
      // Whoever looks finds the one or the other.
      `echo $n > ${runs}.new && mv ${runs}.new ${runs}`,
      `set -- ${endings.join(' ')}`,
      '[ $n -le $# ] || n=$#',
      'eval "ending=\\${$n}"',
      'case $ending in',
      'hangs) exec sleep 1000 ;;',
      'killed) kill -9 $$ ;;',
      '*) exit $ending ;;',
      'esac',
    ]
    const file = `${directory.outside}/${name}`
    await writeFile(file, `${text.join('\n')}\n`)
    await chmod(file, 0o755)
    return ScriptedProgram.of(directory, name)
  }

  /** The one of that name which was made there. */
  static of(directory: { readonly inside: string; readonly outside: string }, name: string): ScriptedProgram {
    return new ScriptedProgram(`${directory.inside}/${name}`, `${directory.outside}/${name}.runs`)
  }

  /** How often it was started. */
  async runs(): Promise<number> {
    return Number(await readFile(this.#runsFile, 'utf8').catch(() => '0'))
  }
}
