/** Sentences about interfaces, and about other routers that are where they should not be. */
import type { EventKind, Notice, UnusableSource } from '#native'
import type { Sentence } from './sentences.ts'
import type { Fault } from './unicast-sentences.ts'

const info = (text: string): Sentence => ({ level: 'info', text })
const warn = (text: string): Sentence => ({ level: 'warn', text })

type LinkChange = Extract<EventKind, { type: 'linkChanged' }>

/** An interface came, went, or was given another name: in keepalived's words. */
export function linkChanged({ interface: name, up, appeared, renamedTo }: LinkChange): readonly Sentence[] {
  if (renamedTo !== undefined) return [info(`Interface name has changed from ${name} to ${renamedTo}`)]
  if (up === undefined) return [info(`Interface ${name} deleted`)]
  const reports = info(`Netlink reports ${name} ${up ? 'up' : 'down'}`)
  if (appeared !== true) return [reports]
  // One that comes without a carrier has not gone down.
  return [info(`Interface ${name} added`), ...(up ? [reports] : [])]
}

/** Another host uses an address of ours. */
export function addressDuplicate({ instance, interface: name, address }: Extract<EventKind, { type: 'addressDuplicate' }>): Sentence {
  const text = `${address} on ${name} is a duplicate: another host has it (IPv6 duplicate address detection)`
  return { level: 'error', text: instance === '' ? text : `(${instance}) ${text}` }
}

/** Why an address that is there is none to send from. */
export function unusable({ address, flaw }: UnusableSource): string {
  return flaw === 'tentative' ? `address ${address} is tentative` : `address ${address} is a duplicate: another host has it`
}

type Rival = Extract<Notice, { type: 'rivalMaster' }>

/** Another Master, and what becomes of it. */
export function rivalMaster(rival: Rival): Sentence {
  return warn(`${rival.source} is Master too: ${because(rival)}`)
}

function because({ reason, priority, ours }: Rival): string {
  switch (reason) {
    case 'lowerPriority':
      return `its priority ${priority} is lower than ours, ${ours}`
    case 'lowerAddress':
      return `its priority ${priority} is ours, and its address lower`
    case 'higherPriority':
      return `its priority ${priority} is higher than ours, ${ours}`
    case 'higherAddress':
      return `its priority ${priority} is ours, and its address higher`
    case 'addressOwner':
      return 'it says that it owns the addresses, as this router does'
    case 'ownAddress':
      return 'it has our address and our priority'
    case 'resigned':
      return 'it has just resigned'
  }
}

/** The other Master is silent now. */
export function rivalGone({ source, rounds }: Extract<Notice, { type: 'rivalGone' }>): Sentence {
  return info(`${source} is Master no more${rounds > 0 ? '; announcing the addresses again' : ''}`)
}

/** Why an instance has no address to send from. */
export function noSource(cause: Fault, family: string): string[] {
  if (!cause.noSource) return []
  const why = cause.unusableSource === undefined ? '' : `: ${unusable(cause.unusableSource)}`
  return [`entering FAULT state (no ${family}address for interface${why})`]
}
