/** How one of keepalived's options is described. */
import type { OptionName } from './getopt.ts'
import type { Settings } from './settings.ts'

/** An option that says how the daemon or the test runs. */
interface SettingOption extends OptionName {
  readonly kind: 'setting'
  readonly set: (settings: Settings, value: string | undefined) => Partial<Settings>
}

/** An option that is taken and changes nothing. */
interface IdleOption extends OptionName {
  readonly kind: 'no effect'
  /** Continues "--name has no effect: ". */
  readonly reason: string
}

/** An option that is acted on at once, without the rest of the line. */
interface ActionOption extends OptionName {
  readonly kind: 'help' | 'version' | 'signal number'
}

/** An option that makes another program of this one, to which the rest of the line belongs. */
interface ProgramOption extends OptionName {
  readonly kind: 'genhash'
  readonly value: 'rest'
}

/** One of keepalived's options. */
export type KeepalivedOption = (SettingOption | IdleOption | ActionOption | ProgramOption) & {
  /** What a value is called in the help. */
  readonly placeholder?: string
  /** For the help; absent: it is not shown there. */
  readonly meaning?: string
}
