/** What keepalived's own options ask for. */
import { DEFAULT_LOG_SETTINGS } from '../../log/settings.ts'
import type { LogSettings } from '../../log/settings.ts'
import type { DaemonParts } from '../../config/parts.ts'
import type { PidFileNames } from '../../process/pid-files.ts'

/** Everything that the options of one command line say. */
export interface Settings {
  /** `-f`, else keepalived's default. Relative to the directory that the program is started in. */
  readonly configFile?: string
  /** `-i` */
  readonly configId?: string
  /** `-e` */
  readonly allConfig: boolean
  /** `-t`: only the configuration is tested; the file its messages are added to, where one is named. */
  readonly test?: { readonly file?: string }
  /** `-P`, `-C`, `-B`: the work that is done. */
  readonly parts: DaemonParts
  /** `-n` */
  readonly isForeground: boolean
  /** `-d` */
  readonly dumpConfig: boolean
  /** `-l`, `-D`, `-S`, `-g`, `--flush-log-file`, `-G` */
  readonly log: LogSettings
  /** `-u` */
  readonly umask?: number
  /** `-p`, `-r`, `-c`, `-b`, `--all` */
  readonly pidFiles: PidFileNames
  /** `-V` makes it false. */
  readonly releaseOnStop: boolean
  /** `-I` makes it false. */
  readonly releaseIpvsOnStop: boolean
  /** `-a` */
  readonly addressMonitoring: boolean
  /** `-s` */
  readonly netNamespace?: string
  /** `-m` */
  readonly coreDump: boolean
  /** `-M` */
  readonly corePattern?: string
  /** Of options that were given and have no effect: why. For the log. */
  readonly remarks: readonly string[]
  /** What is wrong with values. As keepalived, we say so and go on with the default. */
  readonly mistakes: readonly Mistake[]
}

/** A value that an option does not take. */
export interface Mistake {
  /** keepalived's sentence. */
  readonly text: string
  /** Whether a test of the configuration fails because of it, as in keepalived. */
  readonly failsTest: boolean
}

/** Without any option. */
export const DEFAULT_SETTINGS: Settings = {
  allConfig: false,
  parts: { vrrp: true, checkers: true, bfd: true },
  isForeground: false,
  dumpConfig: false,
  log: DEFAULT_LOG_SETTINGS,
  pidFiles: { keepalived: true },
  releaseOnStop: true,
  releaseIpvsOnStop: true,
  addressMonitoring: false,
  coreDump: false,
  remarks: [],
  mistakes: [],
}
