/** Codes about files, text and structure. */

export const TEXT_ERRORS = {
  'config-not-found': {
    meaning: 'The configuration file does not exist.',
    remedy: 'Name another one with `-f`, or create it.',
  },
  'config-unreadable': {
    meaning: 'The configuration file is there and cannot be read: permissions, a directory, an executable file, or too large.',
    remedy: 'The message says which; an executable file needs `chmod a-x`.',
  },
  'include-failed': {
    meaning:
      'A file that an include line asks for is missing or cannot be read, and the include word, or `include_check`, makes that an error. keepalived does not start then.',
    remedy: 'Correct the pattern or the file; plain `include` makes most of it a warning.',
  },
  'circular-include': {
    meaning: 'A file includes itself, directly or through others.',
    remedy: 'Take one of the include lines away; the message shows the way round.',
  },
  'too-many-files': {
    meaning: 'The include lines stand for more files than are read.',
    remedy: 'Make the patterns more exact.',
  },
  'config-syntax': {
    meaning: 'The configuration in TypeScript, JSON or YAML cannot be read at all: it breaks the rules of its language.',
    remedy: 'Correct it where the message points.',
  },
  'config-failed': {
    meaning: 'The program that a configuration in TypeScript or JavaScript is has thrown, ended, taken too long, or exported nothing.',
    remedy: 'Correct it where the message points. It exports an object, a promise of one, or a function that returns one.',
  },
  'unknown-property': {
    meaning: 'A property of a configuration in TypeScript, JSON or YAML has a name that nothing there has; it is ignored.',
    remedy: 'Look for the spelling, or take it away. `tsc` and editors find it too.',
  },
  'invalid-property': {
    meaning:
      'A value of a configuration in TypeScript, JSON or YAML is of the wrong type, or is something that data cannot hold, such as a function.',
    remedy: 'Write a value of the type that the message names.',
  },
  'line-too-long': {
    meaning: 'A line is longer than keepalived reads (1,023 octets); it is ignored as a whole.',
    remedy: 'Split it, or use `$NAME=` definitions.',
  },
  'nul-byte': {
    meaning: 'A line holds a NUL byte, so it is no text; it is ignored.',
    remedy: 'Save the file as UTF-8, not as UTF-16.',
  },
  'unterminated-quote': {
    meaning: 'A quote is opened and not closed on its line. What follows it on the line is lost.',
    remedy: 'Close it; single quotes count only within commands.',
  },
  'line-continuation': {
    meaning: 'A backslash ends a line that is no definition. It does not continue the line.',
    remedy: 'Write the whole setting on one line.',
  },
  'expansion-not-supported': {
    meaning: 'A construct of the language is known and not carried out, so what it would make of the line is unknown.',
    remedy: 'Write out what it stands for.',
  },
  'invalid-sequence': {
    meaning: 'A `~SEQ` or `~LST` does not have the form that it needs, or counts in the wrong direction; the line is ignored.',
    remedy: '`ka-native explain ~SEQ` shows the form.',
  },
  'invalid-reference': {
    meaning: 'A reference to a predefined name has words that it does not take; the message says what becomes of it.',
    remedy: '`ka-native explain _RANDOM`, `_ENV` and so on show which words a name takes.',
  },
  'circular-definition': {
    meaning: 'The text of a definition refers to the definition itself; the reference stays as it is written.',
    remedy: 'Take the reference away, or use another name.',
  },
  'expansion-too-long': {
    meaning:
      'With the text of its references a line is longer than a line can be, or it has too many of them; the references stay as they are written.',
    remedy: 'Split the line or the definition.',
  },
  'expansion-too-deep': {
    meaning: 'Definitions and sequences contain each other to a depth that no configuration needs; what is deeper is not read.',
    remedy: 'Look for a definition that repeats itself through others.',
  },
  'expansion-too-large': {
    meaning: 'Definitions and sequences make far more lines than are written; from there on they are not carried out.',
    remedy: 'Look for sequences within sequences, and make them shorter.',
  },
  'unknown-keyword': {
    meaning: 'No block has this keyword. The line, and a block that it opens, is ignored.',
    remedy: 'Correct the spelling; upper and lower case differ. `ka-native explain WORD` suggests names.',
  },
  'misplaced-keyword': {
    meaning: 'The keyword exists, in another block than the one it stands in; the line is ignored.',
    remedy: 'Move it to the block that the message names. A missing or surplus `}` above is a frequent cause.',
  },
  'misplaced-block': {
    meaning: 'A block of the top level that must not be lost, such as a `vrrp_instance`, stands inside another block.',
    remedy: 'Close the blocks above it with `}`.',
  },
  'unexpected-open-brace': {
    meaning: 'A `{` stands where no block can start; everything up to its `}` is ignored.',
    remedy: 'Take it away, or put the keyword of the block in front of it.',
  },
  'missing-open-brace': {
    meaning: 'A keyword that opens a block is not followed by `{`.',
    remedy: 'Write `{` at the end of the line, or alone on the next one.',
  },
  'unexpected-close-brace': {
    meaning: 'A `}` closes nothing: there are more of them than of `{`.',
    remedy: 'Take it away, or look above for a block that is closed too early.',
  },
  'missing-close-brace': {
    meaning: 'A block is not closed before the next block of the top level, or before the end of the text.',
    remedy: 'Add `}` where the block ends.',
  },
  'unexpected-word': {
    meaning: 'There are more words than the keyword takes. The message says whether they or the line are ignored.',
    remedy: 'Put quotes around a value with blanks, or take the words away.',
  },
} as const
