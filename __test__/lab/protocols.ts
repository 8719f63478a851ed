import type { InstanceConf } from './conf.ts'

/** One way to speak VRRP, and the virtual router that does. */
export interface Protocol {
  readonly name: string
  /** The virtual address that clients use. */
  readonly address: string
  readonly router: Omit<InstanceConf, 'priority'>
}

/** Version 3 takes fractions of a second, which keeps tests short. It is no shorter because the test machine may be busy. */
const SHORT_S = 0.2

const IPV4 = '192.0.2.200'
const IPV6 = '2001:db8::c8'

/** Version 3 over IPv4: the one to take where the protocol does not matter. */
export const V3_IPV4: Protocol = {
  name: 'v3 IPv4',
  address: IPV4,
  router: { version: 3, vrid: 51, advertInt: SHORT_S, addresses: [`${IPV4}/24`] },
}

export const V3_IPV6: Protocol = {
  name: 'v3 IPv6',
  address: IPV6,
  router: { version: 3, vrid: 52, advertInt: SHORT_S, addresses: ['fe80::c8/64', `${IPV6}/64`] },
}

export const V2_IPV4: Protocol = {
  name: 'v2 IPv4',
  address: IPV4,
  router: { version: 2, vrid: 53, advertInt: 1, addresses: [`${IPV4}/24`] },
}

export const V2_IPV4_PASS: Protocol = {
  name: 'v2 IPv4 PASS',
  address: IPV4,
  router: { ...V2_IPV4.router, vrid: 54, authPass: 'secret' },
}

export const V2_IPV4_AH: Protocol = {
  name: 'v2 IPv4 AH',
  address: IPV4,
  router: { ...V2_IPV4.router, vrid: 55, authAh: 'secret' },
}

/** All that keepalived speaks too. */
export const PROTOCOLS: readonly Protocol[] = [V2_IPV4, V2_IPV4_PASS, V2_IPV4_AH, V3_IPV4, V3_IPV6]

/** Two keys of `auth_hmac`, of which one signs. */
export const hmacLines = (active: 7 | 8, ...more: readonly string[]): readonly string[] => [
  'auth_hmac {',
  `  key 7 ${'k7'.repeat(16)}`,
  `  key 8 hex:${'c8'.repeat(64)}`,
  `  active_key ${active}`,
  ...more.map((line) => `  ${line}`),
  '}',
]

const signed = ({ name, address, router }: Protocol): Protocol => ({
  name: `${name} signed`,
  address,
  router: { ...router, vrid: router.vrid + 10, extra: hmacLines(7) },
})

/** What Debian's keepalived does not know: `auth_hmac`. */
export const SIGNED_PROTOCOLS: readonly Protocol[] = [V2_IPV4, V3_IPV4, V3_IPV6].map(signed)
