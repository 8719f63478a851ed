/** What there is to complete, read off the commands. */
import type { Argument, Command, Option } from 'commander'
import { KEEPALIVED_OPTIONS } from '../keepalived/options.ts'

/** What stands in a place: one of these words, a file, or something that nobody can guess. */
export type Values = readonly string[] | 'files' | 'anything'

/** An option. */
export interface CompletedOption {
  /** `-f` and `--file`. */
  readonly flags: readonly string[]
  readonly description: string
  /** Absent: it takes no value. */
  readonly values?: Values
}

/** A command. */
export interface CompletedCommand {
  readonly name: string
  readonly description: string
  readonly options: readonly CompletedOption[]
  /** What stands behind the command; absent: nothing does. */
  readonly values?: Values
}

/** A program with commands. */
export interface CompletionTree {
  readonly name: string
  readonly options: readonly CompletedOption[]
  readonly commands: readonly CompletedCommand[]
}

/**
 * Reads the commands of a program.
 *
 * @param words what stands behind a command (`explain`) or an option of it (`explain --in`), where the command cannot tell
 */
export function completionTree(program: Command, words: Readonly<Record<string, readonly string[]>>): CompletionTree {
  return {
    name: program.name(),
    options: keepalivedOptions(),
    commands: program.commands.map((command) => {
      const name = command.name()
      // Of several the one of which the words are known.
      const [first] = command.registeredArguments
      const argument = command.registeredArguments.find(({ argChoices }) => argChoices !== undefined) ?? first
      const options = optionsOf(command, name, words)
      const values = argument === undefined ? {} : { values: words[name] ?? valuesOf(argument, argument.name()) }
      return { name, description: command.description(), options, ...values }
    }),
  }
}

/** Of a command line without a command. */
function keepalivedOptions(): readonly CompletedOption[] {
  return KEEPALIVED_OPTIONS.flatMap(({ short, long, value, placeholder, meaning }) => {
    if (meaning === undefined || long === undefined) return []
    const flags = [...(short === undefined ? [] : [`-${short}`]), `--${long}`]
    // A value that may be left out is part of the option's word.
    return value === 'required'
      ? { flags, description: meaning, values: placeholder === 'FILE' ? 'files' : 'anything' }
      : { flags, description: meaning }
  })
}

function optionsOf(command: Command, name: string, words: Readonly<Record<string, readonly string[]>>): readonly CompletedOption[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option): CompletedOption => {
      const { short, long, description, required, optional } = option
      const flags = [short, long].filter((flag) => flag !== undefined)
      if (!required && !optional) return { flags, description }
      return { flags, description, values: words[`${name} ${long}`] ?? valuesOf(option, option.flags) }
    })
}

function valuesOf({ argChoices }: Argument | Option, name: string): Values {
  return argChoices ?? (/\b(?:file|files|dir)\b/.test(name) ? 'files' : 'anything')
}
