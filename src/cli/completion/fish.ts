/** Completion for fish. */
import type { CompletedOption, CompletionTree, Values } from './tree.ts'

/** The script. */
export function fishScript({ name, options, commands }: CompletionTree): string {
  const complete = `complete -c ${name}`
  const lines = [
    `# Completion of ${name} for fish: ${name} completion fish | source`,
    `${complete} -f`,
    ...options.map((option) => `${complete} -n __fish_use_subcommand ${optionArguments(option)}`),
    ...commands.flatMap((command) => {
      const inside = `${complete} -n '__fish_seen_subcommand_from ${command.name}'`
      return [
        `${complete} -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.description)}`,
        ...command.options.map((option) => `${inside} ${optionArguments(option)}`),
        ...(command.values === undefined ? [] : valueArguments(command.values).map((one) => `${inside} ${one}`)),
      ]
    }),
  ]
  return `${lines.join('\n')}\n`
}

function optionArguments({ flags, description, values }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
  const value = values === undefined ? [] : [values === 'files' ? '-r' : '-x', ...valueArguments(values)]
  return [...names, ...value, '-d', quoted(description)].join(' ')
}

function valueArguments(values: Values): readonly string[] {
  if (values === 'files') return ['-F']
  return values === 'anything' ? [] : [`-a ${quoted(values.join(' '))}`]
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}
