/** What the kernel's thread tells, as lines of the log (lvs.md §7). */
import type { IpvsEvent } from './ipvs-table.ts'

type Refused = Extract<IpvsEvent, { readonly type: 'refused' }>
type Repaired = Extract<IpvsEvent, { readonly type: 'repaired' }>

/** keepalived's names of commands, by their numbers in ip_vs.h. */
const COMMANDS: Readonly<Record<number, string>> = {
  1154: 'IP_VS_SO_SET_ADD',
  1155: 'IP_VS_SO_SET_EDIT',
  1156: 'IP_VS_SO_SET_DEL',
  1157: 'IP_VS_SO_SET_FLUSH',
  1159: 'IP_VS_SO_SET_ADDDEST',
  1160: 'IP_VS_SO_SET_DELDEST',
  1161: 'IP_VS_SO_SET_EDITDEST',
  1162: 'IP_VS_SO_SET_TIMEOUT',
  1163: 'IP_VS_SO_SET_STARTDAEMON',
  1164: 'IP_VS_SO_SET_STOPDAEMON',
}

/** `IPVS cmd NAME(NUM) error: TEXT(ERRNO) (SERVICE[ -> DEST])`. */
export function refusedSentence({ command, number, service, destination, errno, text }: Refused): string {
  const object = [service, destination].filter((part) => part !== undefined && part !== '').join(' -> ')
  return `IPVS cmd ${COMMANDS[number] ?? command}(${number}) error: ${text}(${errno})${object === '' ? '' : ` (${object})`}`
}

/** What was found otherwise than we had made it. keepalived does not look. */
export function repairedSentence({ what, service, destination = '' }: Repaired): string {
  switch (what) {
    case 'serviceMissing':
      return `IPVS service ${service} was removed by somebody else: it is added again`
    case 'serviceChanged':
      return `IPVS service ${service} was changed by somebody else: it is set back`
    case 'destinationMissing':
      return `IPVS server ${destination} of ${service} was removed by somebody else: it is added again`
    case 'destinationChanged':
      return `IPVS server ${destination} of ${service} was changed by somebody else: it is set back`
    case 'foreignDestination':
      return `IPVS server ${destination} of ${service} was added by somebody else: it is removed`
  }
}
