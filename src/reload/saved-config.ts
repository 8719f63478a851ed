import { chmod, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { toDocument } from '../config/document/document.ts'
import { documentText } from '../config/document/text.ts'
import { ROOT } from '../config/keywords/root.ts'
import type { Config } from '../config/model.ts'
import type { Dumper } from '../dump/dumper.ts'
import { writeWhole } from '../dump/write-file.ts'

const DIRECTORY_MODE = 0o700

/** Writes what was loaded, and how a reload changed things, where `config_save_dir` says. */
export class SavedConfig {
  readonly #log: Logger
  #loads = 0
  #reloads = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /**
   * Writes a configuration that was just read as one file, `keepalived.conf.PID.N`: as it is written, its files and definitions put
   * together, without comments; secrets too.
   *
   * @param draft what is written, before defaults
   */
  async save(directory: string | undefined, file: string, draft: object): Promise<void> {
    const number = this.#loads
    this.#loads += 1
    if (directory === undefined) return
    await this.#write(directory, `keepalived.conf.${process.pid}.${number}`, () => [
      `# ${file}\n`,
      documentText(toDocument(ROOT, draft, { revealSecrets: true }), 'conf'),
    ])
  }

  /**
   * Makes a reload, and writes the state before and after it where the configurations say: `keepalived_vrrp.PID.N.pre` and `.post`.
   *
   * @param configs in effect before the reload, and to be in effect after it
   */
  async around<T>([before, after]: readonly [Config | undefined, Config], dumper: Dumper, reload: () => Promise<T>): Promise<T> {
    this.#reloads += 1
    const name = `keepalived_vrrp.${process.pid}.${this.#reloads}`
    await this.#saveState(before, `${name}.pre`, dumper)
    const outcome = await reload()
    await this.#saveState(after, `${name}.post`, dumper)
    return outcome
  }

  async #saveState(config: Config | undefined, name: string, dumper: Dumper): Promise<void> {
    const directory = config?.globalDefs.configSaveDir
    if (directory !== undefined) await this.#write(directory, name, async () => await dumper.statePieces())
  }

  /** Never rejects: a reload does not depend on it. */
  async #write(directory: string, name: string, pieces: () => Iterable<string> | Promise<Iterable<string>>): Promise<void> {
    const path = join(directory, name)
    try {
      await makeDirectory(directory)
      await writeWhole(path, await pieces())
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#log.warn({ path, err: error }, `not saved in config_save_dir: ${reason}`)
    }
  }
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE })
    // The mask of the process is one for files.
    await chmod(directory, DIRECTORY_MODE)
  } catch (error) {
    // Whatever it is otherwise, writing into it will tell.
    if (!(await stat(directory)).isDirectory()) throw error
  }
}
