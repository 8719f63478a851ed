import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The addon that `npm run build` made for this machine. */
const ADDON = readdirSync(ROOT).find((name) => name.startsWith(`ka-native.linux-${process.arch}-`) && name.endsWith('.node')) ?? ''
/** The platform as napi names it: `linux-x64-gnu`. */
const PLATFORM = ADDON.replace(/^ka-native\.(.*)\.node$/, '$1')

const CONSUMER = { name: 'consumer', private: true }

/** What `npm pack` tells of a tarball. */
export interface Packed {
  readonly name: string
  readonly filename: string
  readonly files: readonly string[]
}

/** The package as its users get it: packed, and installed into an empty project that every user may read. */
export class Installation {
  readonly directory: string
  readonly main: Packed
  readonly platform: Packed

  private constructor(directory: string, main: Packed, platform: Packed) {
    this.directory = directory
    this.main = main
    this.platform = platform
  }

  static async make(): Promise<Installation> {
    const directory = await mkdtemp(join(tmpdir(), 'ka-native-package-'))
    await chmod(directory, 0o755)
    const tarballs = join(directory, 'tarballs')
    await mkdir(tarballs)
    const main = await pack(ROOT, tarballs)
    // The platform's package has its binary only in the hour of its release.
    const staging = join(directory, 'platform')
    await cp(join(ROOT, 'npm', PLATFORM), staging, { recursive: true })
    await copyFile(join(ROOT, ADDON), join(staging, ADDON))
    const platform = await pack(staging, tarballs)

    await writeFile(join(directory, 'package.json'), JSON.stringify(CONSUMER))
    await writeFile(join(directory, 'package-lock.json'), JSON.stringify(await lockedDependencies()))
    const packages = [main, platform].map(({ filename }) => join(tarballs, filename))
    await execute('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...packages], { cwd: directory })
    return new Installation(directory, main, platform)
  }

  /** A path inside the project. */
  path(...parts: string[]): string {
    return join(this.directory, ...parts)
  }

  /** Runs a program in the project; rejects with its output when it fails. */
  async run(program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return execute(program, args, { cwd: this.directory })
  }

  /** Runs the installed command. */
  async kaNative(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return this.run(this.path('node_modules/.bin/ka-native'), ...args)
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }
}

/**
 * A lockfile of what the package depends on, as ours has it. npm then takes the tarballs that it has from our own installation, asks
 * the registry for nothing, and what is published today decides nothing.
 */
async function lockedDependencies(): Promise<unknown> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>
  }
  const ours = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  return { ...CONSUMER, lockfileVersion: 3, requires: true, packages: { '': CONSUMER, ...Object.fromEntries(ours) } }
}

async function pack(directory: string, destination: string): Promise<Packed> {
  const { stdout } = await execute('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', destination], { cwd: directory })
  const [packed] = JSON.parse(stdout) as { name: string; filename: string; files: { path: string }[] }[]
  if (packed === undefined) throw new Error(`npm pack made nothing of ${directory}`)
  return { name: packed.name, filename: packed.filename, files: packed.files.map(({ path }) => path) }
}
