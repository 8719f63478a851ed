/** Codes about values. */

export const VALUE_ERRORS = {
  'missing-value': {
    meaning: 'The keyword has no value. keepalived ends at such a line, so start and reload are refused.',
    remedy: 'Write the value, or take the line away.',
  },
  'missing-name': {
    meaning: 'A name or a value is missing, or there is more than one; the line or the block is ignored.',
    remedy: 'Write exactly one; put quotes around a name with blanks.',
  },
  'invalid-number': {
    meaning: 'The word is no number of the kind that the keyword takes. The setting is ignored, or takes the value that the message names.',
    remedy: 'Write digits without a unit; a fraction only where seconds may have one.',
  },
  'value-out-of-range': {
    meaning: 'The number is below or above what the keyword takes. The setting is ignored, or takes the value that the message names.',
    remedy: 'Choose a number within the range that the help names.',
  },
  'surplus-decimals': {
    meaning: 'The number has more decimals than count; it is rounded.',
    remedy: 'Write the rounded number.',
  },
  'invalid-boolean': {
    meaning: 'The word is neither yes nor no; the setting is ignored.',
    remedy: 'Write `true`, `on` or `yes`, or `false`, `off` or `no`, in lower case.',
  },
  'invalid-word': {
    meaning: 'The word is none of those that may stand here, or does not have the form that the keyword asks for.',
    remedy: 'Choose one of the words that the help names; `ka-native explain KEYWORD` lists them.',
  },
  'invalid-address': {
    meaning: 'The word is no IP address, or not one that may be used here.',
    remedy: 'Write an IPv4 address in four decimal parts, or an IPv6 address; a prefix length only where the syntax has one.',
  },
  'invalid-option': {
    meaning: 'A word of the line is no option of it, or an option has no value.',
    remedy: '`ka-native explain KEYWORD` lists the options.',
  },
  'name-too-long': {
    meaning: 'The name is longer than the system allows (interfaces: 15 characters); the line is ignored.',
    remedy: 'Use a shorter name.',
  },
  'value-replaced': {
    meaning:
      'The value is one that old configurations use and that no longer means anything; the nearest sensible one is used, which the message names.',
    remedy: 'Write that value.',
  },
  'value-truncated': {
    meaning: 'The text is longer than there is room for; the rest is cut off. A password has 8 characters.',
    remedy: 'Shorten it, on every router.',
  },
  'family-mismatch': {
    meaning: 'IPv4 and IPv6 are mixed where only one of them can stand.',
    remedy: 'Use the family of the instance, or an instance for each.',
  },
  'duplicate-setting': {
    meaning: 'The setting is there already. The message says which of the two counts.',
    remedy: 'Keep one of them.',
  },
  'conflicting-setting': {
    meaning: 'Two settings exclude each other, or one needs another that is missing. The message says which is ignored.',
    remedy: 'Take one of them away.',
  },
  'unknown-account': {
    meaning: 'The user or the group does not exist, or the account database did not answer in time. The script is not run.',
    remedy: 'Create the account, or name another one with `script_user` or behind the script.',
  },
} as const
