/** The sentences that a daemon of either kind logged, without what it writes before them. */
export function sentences({ process }: { readonly process: { readonly output: readonly { readonly text: string }[] } }): string[] {
  return process.output.map(({ text }) => {
    if (!text.startsWith('{')) return text.replace(/^\w{3} \w{3} +\d+ [\d:]+ \d+: /, '')
    const { msg } = JSON.parse(text) as { msg?: string }
    return msg ?? ''
  })
}
