/** Completion for zsh. */
import type { CompletedOption, CompletionTree, Values } from './tree.ts'

/** The script. */
export function zshScript({ name, commands }: CompletionTree): string {
  const called = `_${name.replaceAll('-', '_')}`
  const described = commands.map((command) => `    ${quoted(`${command.name}:${command.description}`)}`)
  const cases = commands.map(({ name: command, options, values }) => {
    const specs = [...options.map(optionSpec), ...(values === undefined ? [] : [quoted(`*:${action(values)}`)])]
    return `    ${command})\n      _arguments ${specs.join(' \\\n        ')}\n      ;;\n`
  })
  return `#compdef ${name}
# Completion of ${name} for zsh: source <(${name} completion zsh), after compinit
${called}() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('')}  esac
}
if [[ \${funcstack[1]} == ${called} ]]; then
  ${called} "$@"
else
  compdef ${called} ${name}
fi
`
}

function optionSpec({ flags, description, values }: CompletedOption): string {
  const text = `[${description.replaceAll(/[[\]\\:]/g, '\\$&')}]${values === undefined ? '' : `:${action(values)}`}`
  if (flags.length === 1) return quoted(`${flags[0] ?? ''}${text}`)
  return `${quoted(`(${flags.join(' ')})`)}{${flags.join(',')}}${quoted(text)}`
}

function action(values: Values): string {
  if (values === 'files') return 'file:_files'
  return values === 'anything' ? 'value: ' : `value:(${values.join(' ')})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
