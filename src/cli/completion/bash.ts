/** Completion for bash. */
import type { CompletedOption, CompletionTree, Values } from './tree.ts'

/** The script. */
export function bashScript({ name, options, commands }: CompletionTree): string {
  const called = `_${name.replaceAll('-', '_')}`
  const first = [...commands.map((command) => command.name), ...flagsOf(options)]
  const cases = [
    ...options.flatMap((option) => valueCase(called, '', option)),
    `:*) ${offer(called, first)} ;;`,
    ...commands.flatMap((command) => [
      ...command.options.flatMap((option) => valueCase(called, command.name, option)),
      `${command.name}:*) ${offer(called, flagsOf(command.options), command.values)} ;;`,
    ]),
  ]
  return `# Completion of ${name} for bash: source <(${name} completion bash)
${called}() {
  local word=\${COMP_WORDS[COMP_CWORD]} command=''
  if [[ COMP_CWORD -gt 1 && \${COMP_WORDS[1]} != -* ]]; then command=\${COMP_WORDS[1]}; fi
  COMPREPLY=()
  case $command:\${COMP_WORDS[COMP_CWORD - 1]} in
${cases.map((one) => `    ${one}\n`).join('')}  esac
}
${called}_files() {
  compopt -o filenames 2>/dev/null
  local file
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$1")
}
complete -F ${called} ${name}
`
}

/** What stands behind an option; none for an option without a value. */
function valueCase(called: string, command: string, { flags, values }: CompletedOption): readonly string[] {
  if (values === undefined) return []
  const patterns = flags.map((flag) => `${command}:${flag}`).join('|')
  return [values === 'anything' ? `${patterns}) ;;` : `${patterns}) ${offer(called, [], values)} ;;`]
}

function offer(called: string, words: readonly string[], values?: Values): string {
  const all = typeof values === 'object' ? [...values, ...words] : words
  const lists = all.length === 0 ? [] : [`mapfile -t COMPREPLY < <(compgen -W '${all.join(' ')}' -- "$word")`]
  return [...lists, ...(values === 'files' ? [`${called}_files "$word"`] : [])].join('; ')
}

function flagsOf(options: readonly CompletedOption[]): readonly string[] {
  return options.flatMap(({ flags }) => flags.slice(-1))
}
