/** Codes about what is suspicious, and about what is worth knowing. */

export const SUSPICIONS = {
  'multiple-files': {
    meaning: 'The pattern of `-f` matches several files, which are read one after the other.',
    remedy: 'Name one file, and include the others there.',
  },
  'byte-order-mark': {
    meaning: 'The file starts with a byte order mark, which keepalived takes for a part of the first word.',
    remedy: 'Save it as UTF-8 without a byte order mark.',
  },
  'no-address-advertised': {
    meaning: 'A version 2 instance has no virtual address: it elects a Master that holds nothing.',
    remedy: 'Add `virtual_ipaddress`, if it is not meant for its notify scripts alone.',
  },
  'group-not-link-local': {
    meaning: 'The IPv6 multicast group has another scope than the link, so routers may pass advertisements on.',
    remedy: 'Use a group of ff02::/16.',
  },
  'route-not-tracked': {
    meaning: 'A route has no interface of its own, so its loss cannot be noticed: it is not tracked.',
    remedy: 'Add `dev` to the route itself, not only to its paths, or say `no_track`.',
  },
  'deprecated-spelling': {
    meaning: 'The keyword is an old spelling, which keepalived reports as deprecated. It takes effect.',
    remedy: 'Write the keyword that the help names.',
  },
  'no-authentication': {
    meaning: 'There is a password and no `auth_type`, so nothing is authenticated.',
    remedy: 'Add `auth_type PASS`, on every router.',
  },
  'script-runs-as-root': {
    meaning: 'A script would run as root, and nothing asks for safe scripts.',
    remedy: 'Set `script_user` to another account, and `enable_script_security`.',
  },
  'key-file-not-private': {
    meaning: 'Others than its owner may read or change the key file.',
    remedy: '`chmod 600` it.',
  },
  'script-not-usable': {
    meaning: 'The script does not exist, or cannot be run. Nothing is told when the state changes.',
    remedy: 'Correct the path, or its permissions.',
  },
  'duplicate-virtual-server': {
    meaning: 'Two virtual servers are one IPVS service: same address, port and protocol, or same mark. Both add their real servers to it.',
    remedy: 'Make them one block, or give one of them another address or port.',
  },
  'duplicate-destination': {
    meaning: 'Two real servers of a virtual server have the same address and port once defaults apply. The kernel takes only the first.',
    remedy: 'Take one of them away.',
  },
  'include-skipped': {
    meaning: 'A file that an include line matches is missing or cannot be read; it is skipped.',
    remedy: 'Correct the pattern; `includer` and its relatives make this an error.',
  },
  'setting-ignored': {
    meaning: 'What is written takes no effect, or less than it says, because of something else that is written.',
    remedy: 'Take one of the two away; the message names both.',
  },
  'keyword-inside-line': {
    meaning:
      'A keyword stands behind the value of another one. A line holds one keyword: keepalived ignores what follows, and says nothing.',
    remedy: 'Give each keyword a line of its own.',
  },
  'unusual-mark': {
    meaning:
      'A mark that means nothing here is taken for a part of the value: an equals sign, a semicolon at the end, a typographic quote.',
    remedy: 'Leave it out, or type a plain quote.',
  },
  'unused-block': {
    meaning: 'A block defines something that nothing refers to, or that another block of the same name stands in front of.',
    remedy: 'Refer to it, or take it away.',
  },
  'empty-block': {
    meaning: 'A block that lists something lists nothing.',
    remedy: 'Fill it, or take it away.',
  },
  'group-of-one': {
    meaning: 'A sync group has one instance, which changes state as it would without the group.',
    remedy: 'Add the other instances, or take the group away.',
  },
  'reference-not-last': {
    meaning:
      'A definition of several lines is referred to in the middle of a line, where it cannot stand; the reference stays as it is written.',
    remedy: 'Put the reference at the end of the line.',
  },
  'continuation-not-dropped': {
    meaning: 'A condition drops a line that ends in a backslash, but not the line after it.',
    remedy: 'Put the condition in front of that line too.',
  },
  'weight-without-effect': {
    meaning: 'A weight can never move the address: the priority is 255, which weights leave alone, or has no room in that direction.',
    remedy: 'Choose priorities that leave room; see docs/lint/weight-without-effect.md.',
  },
  'check-longer-than-interval': {
    meaning: 'A check may take longer than the time to the next one, which then has to wait.',
    remedy: 'Make the timeout shorter than the interval; see docs/lint/check-longer-than-interval.md.',
  },
  'script-writable-by-others': {
    meaning: 'Others than root can change a script that runs as root.',
    remedy: 'Take write permission away, also on the directories above it; see docs/lint/script-writable-by-others.md.',
  },
  'priority-255-misuse': {
    meaning: 'The router has the priority of an address owner, and the address is not its own.',
    remedy: 'Use 254 or less; see docs/lint/priority-255-misuse.md.',
  },
  'many-ipv6-addresses': {
    meaning: 'One interface gets so many IPv6 addresses that adding them takes the kernel long.',
    remedy: 'Spread them over several interfaces; see docs/lint/many-ipv6-addresses.md.',
  },
  'first-address-not-link-local': {
    meaning: 'The first IPv6 address of an instance is not a link-local one, as the standard wants it.',
    remedy: 'List a link-local address first; see docs/lint/first-address-not-link-local.md.',
  },
  'lthreshold-above-uthreshold': {
    meaning:
      'The lower connection limit of a real server is above the upper one, which the kernel refuses. The upper one is used for both.',
    remedy: 'Raise `uthreshold`, or lower `lthreshold`; see docs/lint/lthreshold-above-uthreshold.md.',
  },
  'not-supported-matters': {
    meaning: 'The keyword is read and checked, and not acted on yet. What is missing without it may matter to you.',
    remedy: 'Decide whether you can do without; the message says what is not done.',
  },
  'cannot-run-without': {
    meaning:
      'The keyword is not acted on yet, and running without it would be dangerous, so start and reload are refused. keepalived accepts it, so it is no fault of the configuration.',
    remedy: 'Take it away where you can do without, or stay with keepalived on this router.',
  },
} as const

export const REMARKS = {
  'not-supported-yet': {
    meaning: 'The keyword is read and checked, and not acted on yet.',
    remedy: 'Nothing, if you can do without what it says.',
  },
  'duplicate-address': {
    meaning: 'The same address is there twice.',
    remedy: 'Keep one of the lines.',
  },
  'no-effect': {
    meaning: 'The word is accepted and changes nothing here.',
    remedy: 'Nothing; it may stay for keepalived.',
  },
  'old-spelling': {
    meaning: 'The keyword is an old spelling of another one; keepalived takes it without a word.',
    remedy: 'Write the keyword that the help names.',
  },
  'differs-from-keepalived': {
    meaning: 'keepalived, or an older release of it, reads this otherwise.',
    remedy: 'Write it so that both read the same; the message says how each reads it.',
  },
  'long-startup-delay': {
    meaning: 'The start-up delay is so long that nobody may be Master for minutes after a boot.',
    remedy: 'Shorten it, if that is not meant.',
  },
  'unusual-value': {
    meaning: 'The value is possible, and seldom meant.',
    remedy: 'Nothing, if it is meant.',
  },
  'unchecked-servers': {
    meaning: 'No real server of a virtual server has a checker, so those that are dead go on getting connections.',
    remedy: 'Give each real server a checker; see docs/lint/unchecked-servers.md.',
  },
} as const
