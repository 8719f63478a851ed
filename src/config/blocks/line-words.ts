/** Words of a line as text, and a line as the value of a property. */
import type { Line } from './line.ts'

/** A text as words of a line: separated by blanks, with double quotes around those that hold blanks (language.md §1). */
export function lineWords(text: string): readonly string[] {
  return Array.from(text.matchAll(/"([^"]*)"|[^\s"]+/g), ([word, inner]) => inner ?? word)
}

/** What is written after the keyword of a line, as the value of a property: parts of an account are joined by colons. */
export function writtenValue(line: Line): string {
  line.rewind()
  const words: string[] = []
  for (let word = line.next(); word !== undefined; word = line.next()) words.push(word)
  return words.join(':')
}
