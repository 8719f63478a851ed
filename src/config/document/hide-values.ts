/** The text of a file that could not be read, as an excerpt may show it. */

/** What a file that holds secrets mentions. */
const SECRET_NAME = /auth|pass|secret|hmac|key|pwd/i

/**
 * Of the same length and lines, with asterisks for all that may be a secret: where nothing is known about the
 * text, that is every value of a file that mentions secrets at all.
 */
export function hideValues(text: string): string {
  if (!SECRET_NAME.test(text)) return text
  return text.replaceAll(/[^\n]+/g, (line) => {
    // A name starts with no dash: there is one way to read a line, however many dashes it has.
    const start = (/^[ \t{[-]*(?:"[^"]*"|[\w$][\w$-]*)[ \t]*:/.exec(line) ?? /^\s*/.exec(line))?.[0].length ?? 0
    return line.slice(0, start) + line.slice(start).replaceAll(/[^\s{}[\]()]/g, '*')
  })
}
