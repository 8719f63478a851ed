import type { Rule } from '../config/model.ts'
import type { FirewallMark, NumberRange } from '../config/tables/values.ts'
import { realmsText } from './route-text.ts'

/** A rule as keepalived's dumps have it, such as `from 192.0.2.0/24 priority 500 tos 0x0 protocol 18 lookup 100`. */
export function ruleText(rule: Rule): string {
  return [
    ...(rule.not ? ['not'] : []),
    `from ${rule.from ?? 'all'}`,
    ...word('to', rule.to),
    `priority ${rule.preference}`,
    `tos ${hex(rule.tos)}`,
    ...word('fwmark', markText(rule.fwmark)),
    ...word('iif', rule.iif),
    ...word('oif', rule.oif),
    ...word('tunnel-id', rule.tunnelId),
    ...word('suppress_prefixlen', rule.suppressPrefixlength),
    ...word('suppress_ifgroup', rule.suppressIfgroup),
    ...word('uidrange', rangeText(rule.uidrange)),
    ...(rule.action === 'l3mdev' ? ['l3mdev'] : []),
    ...word('protocol', rule.protocol === 0 ? undefined : rule.protocol),
    ...word('ipproto', rule.ipproto),
    ...word('sport', rangeText(rule.sport)),
    ...word('dport', rangeText(rule.dport)),
    ...word('realms', rule.realms === undefined ? undefined : realmsText({ from: rule.realms.from ?? 0, to: rule.realms.to })),
    actionText(rule),
    ...(rule.noTrack ? ['no_track'] : []),
    ...word('track_group', rule.trackGroup),
  ].join(' ')
}

function actionText(rule: Rule): string {
  switch (rule.action) {
    case 'table':
      return `lookup ${rule.table ?? 0}`
    case 'l3mdev':
      return 'lookup 0'
    case 'goto':
      return `goto ${rule.goto ?? 0}`
    case 'nop':
      return 'nop'
    case 'blackhole':
    case 'unreachable':
    case 'prohibit':
      return `type ${rule.action}`
  }
}

function markText(mark: FirewallMark | undefined): string | undefined {
  if (mark === undefined) return undefined
  return mark.mask === undefined ? hex(mark.mark) : `${hex(mark.mark)}/${hex(mark.mask)}`
}

function rangeText(range: NumberRange | undefined): string | undefined {
  return range === undefined ? undefined : `${range.first}-${range.last}`
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}

function word(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`${name} ${value}`]
}
