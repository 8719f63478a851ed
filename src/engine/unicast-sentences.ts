import type { Cause, EventKind } from '#native'
import type { Described } from './sentences.ts'

type StateChange = Extract<EventKind, { type: 'stateChanged' }>
export type Fault = Extract<Cause, { type: 'fault' }>

/** Why an instance with peers, or with a source address that it depends on, is faulty. */
export function unicastFault({ noPeers, sourceLost }: Fault, described: Described | undefined): readonly string[] {
  return [
    ...(noPeers ? ['Cannot use unicast without any peers - going to fault state'] : []),
    ...(sourceLost ? [`entering FAULT state (source address${sourceText(described)} is not on this host)`] : []),
  ]
}

/** An instance that is back tells its peers where its source address is. Whether it may is seen in the engine. */
export function sourceAnnounced({ instance, from, to }: StateChange, described: Described | undefined): readonly string[] {
  const source = sourceText(described)
  const isBack = from === 'FAULT' && to === 'BACKUP'
  if (!isBack || source === '' || !isUnicast(described)) return []
  // Without parentheses, as keepalived has it.
  return [`${instance}: sending gratuitous ${described?.family === 6 ? 'NA' : 'ARP'} for${source}`]
}

function isUnicast(described: Described | undefined): boolean {
  return (described?.unicastPeer ?? []).length > 0
}

/** The configured one, behind a blank. */
function sourceText(described: Described | undefined): string {
  const { unicastSrcIp, mcastSrcIp } = described ?? {}
  const source = isUnicast(described) ? (unicastSrcIp ?? mcastSrcIp) : (mcastSrcIp ?? unicastSrcIp)
  return source === undefined ? '' : ` ${source}`
}
