import type { FirewallMark as NativeMark, VirtualRule } from '#native'
import type { Rule } from '../config/model.ts'
import type { FirewallMark } from '../config/tables/values.ts'
import { asFirstSaid } from './first-said.ts'
import { lowerRealms } from './lower-routes.ts'
import { optional } from './optional.ts'
import { prefixText } from './prefix.ts'

const ALL_BITS = 0xff_ff_ff_ff

/** Rules of an instance, or of the machine, as the engine takes them: of those that are one rule of the kernel, what the first says. */
export function lowerRules(rules: readonly Rule[]): VirtualRule[] {
  return asFirstSaid(rules.map(lowerRule), ({ protocol: _protocol, noTrack: _noTrack, trackGroup: _trackGroup, ...selectors }) => selectors)
}

function lowerRule(rule: Rule): VirtualRule {
  const { family, from, to, fwmark, realms, uidrange, sport, dport } = rule
  return {
    family,
    preference: rule.preference,
    action: rule.action,
    ...optional('table', rule.table),
    ...optional('goto', rule.goto),
    inverted: rule.not,
    ...optional('from', from === undefined ? undefined : prefixText(from, family)),
    ...optional('to', to === undefined ? undefined : prefixText(to, family)),
    tos: rule.tos,
    ...optional('fwmark', fwmark === undefined ? undefined : lowerMark(fwmark)),
    ...optional('iif', rule.iif),
    ...optional('oif', rule.oif),
    ...optional('tunnelId', rule.tunnelId),
    ...optional('uidrange', uidrange === undefined ? undefined : { ...uidrange }),
    ...optional('ipproto', rule.ipproto),
    ...optional('sport', sport === undefined ? undefined : { ...sport }),
    ...optional('dport', dport === undefined ? undefined : { ...dport }),
    ...optional('realms', realms === undefined ? undefined : lowerRealms(realms)),
    ...optional('suppressPrefixlength', rule.suppressPrefixlength),
    ...optional('suppressIfgroup', rule.suppressIfgroup),
    protocol: rule.protocol,
    noTrack: rule.noTrack,
    ...optional('trackGroup', rule.trackGroup),
  }
}

/** Without a mask all bits count, but a mark of 0, which the kernel takes as none. */
function lowerMark({ mark, mask = mark === 0 ? 0 : ALL_BITS }: FirewallMark): NativeMark {
  return { mark, mask }
}
