/** Text from a configuration as people may see it. */

// oxlint-disable-next-line no-control-regex -- control characters are what must not reach a terminal
const UNPRINTABLE = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/** Text that a terminal shows as it is: control and direction characters replaced one for one. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, '\u{fffd}')
}

/** A word as a message quotes it: printable and not longer than a message can hold. */
export function shown(text: string): string {
  const clean = printable(text)
  return clean.length > 60 ? `'${clean.slice(0, 57)}...'` : `'${clean}'`
}
