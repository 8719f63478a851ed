/** Whether a stream gets colours: as asked, else as the environment says, else if it is a terminal. */

/** When to colour. */
export type ColorChoice = 'auto' | 'always' | 'never'

/**
 * Whether to colour. `NO_COLOR` (no-color.org) and `FORCE_COLOR` count unless a choice was made; of both, as in
 * Node itself, `FORCE_COLOR` does.
 */
export function usesColor(
  choice: ColorChoice,
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if (choice !== 'auto') return choice === 'always'
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = environment
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (refused !== undefined && refused !== '') return false
  return stream.isTTY === true && terminal !== 'dumb'
}
