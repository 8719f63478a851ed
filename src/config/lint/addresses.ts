/**
 * `many-ipv6-addresses`: adding many IPv6 addresses to one interface costs the kernel time that grows with their square.
 * `first-address-not-link-local`: RFC 9568 §5.2.9 wants the link-local address first.
 */
import type { LintInput } from '../lint.ts'
import { isLinkLocal } from '../forms/addresses.ts'
import { blockSpan } from '../blocks/places.ts'
import { shown } from '../diagnostics/printable.ts'
import { instancesOf } from './drafts.ts'

/** 4,000 on one interface took 4.5 s, on 16 interfaces 0.4 s. */
const MANY = 1000

export function lintAddresses(input: LintInput): void {
  const counts = new Map<string, number>()
  for (const { instance, written } of instancesOf(input)) {
    for (const { family, dev } of [...instance.virtualIpaddress, ...instance.virtualIpaddressExcluded]) {
      if (family !== 6) continue
      const count = (counts.get(dev) ?? 0) + 1
      counts.set(dev, count)
      if (count !== MANY) continue
      const message = `${MANY} or more IPv6 addresses are on interface ${shown(dev)}: the kernel takes seconds to add them in a takeover`
      input.context.diagnostics.warning(
        'many-ipv6-addresses',
        blockSpan(written, input.context),
        message,
        'spread them over several interfaces, or route a prefix to one address',
      )
    }
  }
}

/** What strict mode reports as an error. */
export function lintFirstAddress(input: LintInput): void {
  const { diagnostics, tokens } = input.context
  for (const { instance, written } of instancesOf(input)) {
    const first = written.virtualIpaddress?.[0]
    if (instance.family !== 6 || instance.strictMode || first?.address === undefined || isLinkLocal(first.address)) continue
    const message = `the first IPv6 address of instance ${shown(instance.name)} should be link-local (fe80::/10), and is ${first.address}`
    const help = 'list a link-local address in front of it, on every router of the instance'
    diagnostics.warning('first-address-not-link-local', tokens.span(first.at), message, help)
  }
}
