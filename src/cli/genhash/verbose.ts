/** What `--verbose` prints, in keepalived's layout. */

const LINE_OCTETS = 16
const RULE = '-'.repeat(23)

/** A heading over a block. */
function heading(text: string): string {
  const blanks = ' '.repeat(Math.ceil((26 - text.length) / 2))
  return `${RULE}[${blanks}${text}${blanks}]${RULE}\n`
}

/** The header of an answer, and its body. */
export function answerText(header: Buffer, body: Buffer): string {
  return [
    heading('HTTP Header Buffer'),
    hexDump(header),
    heading('HTTP Header Ascii Buffer'),
    `${header.toString('latin1')}\n`,
    body.length === 0 ? '' : heading('HTML Buffer') + hexDump(body),
  ].join('')
}

/** The digest, in front of the line that has it alone. */
export function digestText(digest: string): string {
  return `\n${heading('HTML hash resulting')}${hexDump(Buffer.from(digest, 'hex'))}${heading('HTML hash final resulting')}`
}

/** The last line. */
export function timeText(path: string, elapsedUs: number): string {
  return `\nGlobal response time for [${path}] = ${Math.round(elapsedUs)} usecs\n`
}

/** Octets as digits and as characters, sixteen in a line. */
function hexDump(octets: Buffer): string {
  const lines: string[] = []
  for (let at = 0; at < octets.length; at += LINE_OCTETS) {
    const line = octets.subarray(at, at + LINE_OCTETS)
    const digits = Array.from({ length: LINE_OCTETS }, (_, index) => {
      const octet = line[index]
      return octet === undefined ? '  ' : octet.toString(16).padStart(2, '0')
    })
    const columns = `${digits.slice(0, 8).join(' ')} - ${digits.slice(8).join(' ')}`
    const characters = Array.from(line, (octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.'))
    lines.push(`${String(at).padStart(4, '0')}  ${columns}   ${characters.join('').padEnd(LINE_OCTETS)}\n`)
  }
  return lines.join('')
}
