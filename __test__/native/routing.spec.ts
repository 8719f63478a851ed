/** Routes and rules that the addon is handed: each value that the kernel has no place for is refused by name. */
import type { EngineConfig, VirtualRoute, VirtualRule } from '#native'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { Program } from '../lab/program.ts'
import { engineConfig, instance } from './engine-config.ts'

const ROUTE: VirtualRoute = {
  destination: '198.51.100.0/24',
  kind: 1,
  table: 254,
  tos: 0,
  scope: 0,
  protocol: 18,
  path: { interface: 'eth0', onlink: false },
  nexthops: [],
  metrics: [],
  placement: 'prepend',
  noTrack: false,
}

const RULE: VirtualRule = { family: 4, preference: 500, action: 'table', table: 100, inverted: false, tos: 0, protocol: 18, noTrack: false }

type Refused = readonly [config: EngineConfig, message: RegExp]

/** A route with some values that may be none of theirs. */
function route(changes: { readonly [Key in keyof VirtualRoute]?: unknown }, message: RegExp): Refused {
  return [engineConfig(instance({ routes: [{ ...ROUTE, ...(changes as Partial<VirtualRoute>) }] })), message]
}

function path(changes: Record<string, unknown>, message: RegExp): Refused {
  return route({ path: { ...ROUTE.path, ...changes } }, message)
}

function encap(changes: Record<string, unknown>, message: RegExp): Refused {
  return path({ encap: changes }, message)
}

function metric(name: string, value: unknown, message: RegExp): Refused {
  return route({ metrics: [{ metric: name, value, lock: false }] }, message)
}

function rule(changes: { readonly [Key in keyof VirtualRule]?: unknown }, message: RegExp): Refused {
  return [engineConfig(instance({ rules: [{ ...RULE, ...(changes as Partial<VirtualRule>) }] })), message]
}

const REFUSED: readonly Refused[] = [
  [engineConfig(instance({ routes: [5 as unknown as VirtualRoute] })), /instance VI_1: routes is not an object/],
  [engineConfig(instance({ routes: {} as unknown as VirtualRoute[] })), /routes/],
  route({ destination: '198.51.100.0' }, /instance VI_1: destination '198\.51\.100\.0' has no length/),
  route({ destination: '198.51.100/24' }, /destination '198\.51\.100' is no IP address/),
  route({ destination: '198.51.100.0/33' }, /destination '198\.51\.100\.0\/33': the length is not 0 to 32/),
  route({ destination: '2001:db8::/129' }, /the length is not 0 to 128/),
  route({ destination: '198.51.100.0/-1' }, /the length is not 0 to 32/),
  route({ table: -1 }, /instance VI_1: route 198\.51\.100\.0\/24: table -1 is not an integer from 0 to 4294967295/),
  route({ table: 2 ** 32 }, /table 4294967296 is not/),
  route({ kind: 256 }, /kind 256 is not an integer from 0 to 255/),
  route({ tos: 1.5 }, /tos 1\.5 is not/),
  route({ metric: '7' }, /metric/),
  route({ scope: 256 }, /scope 256 is not/),
  route({ protocol: -1 }, /protocol -1 is not/),
  route({ source: '10.0.0.0/8' }, /only the source of an IPv6 route may select/),
  route({ source: '2001:db8::/32' }, /only the source of an IPv6 route may select/),
  route({ preferredSource: '2001:db8::1' }, /preferredSource 2001:db8::1 is no IPv4 address/),
  route({ preferredSource: 'eth0' }, /preferredSource 'eth0' is no IP address/),
  route({ placement: 'replace' }, /placement 'replace' is none of add, prepend, append/),
  route({ expiresS: 0.5 }, /expiresS 0\.5 is not an integer/),
  route({ preference: 256 }, /preference 256 is not/),
  route({ congestionControl: { name: '', lock: false } }, /congestionControl '' is no name/),
  route({ congestionControl: { name: 'sixteen-octets..', lock: false } }, /congestionControl 'sixteen-octets\.\.' is no name/),
  route({ noTrack: 'yes' }, /noTrack/),
  route({ nexthops: [{ path: ROUTE.path, weight: 0 }] }, /weight 0 is not an integer from 1 to 256/),
  route({ nexthops: [{ path: ROUTE.path, weight: 257 }] }, /weight 257 is not/),
  route({ nexthops: [{ weight: 1 }] }, /path/),
  route({ path: null }, /path is not an object/),
  metric('hops', 1, /metric 'hops' is unknown/),
  metric('mtu', -1, /mtu -1 is not an integer from 0 to 4294967295/),
  path({ interface: 'a/b' }, /interface 'a\/b': an interface name holds no '\/'/),
  path({ interface: 'sixteen-octets..' }, /an interface name has at most 15 octets/),
  path({ gateway: 'gateway' }, /gateway 'gateway' is no IP address/),
  [
    engineConfig(instance({ routes: [{ ...ROUTE, destination: '2001:db8::/32', path: { gateway: '192.0.2.1', onlink: false } }] })),
    /gateway 192\.0\.2\.1 is no IPv6 address/,
  ],
  path({ realms: { from: 0, to: 65_536 } }, /realms\.to 65536 is not an integer from 0 to 65535/),
  encap({ type: 'gre' }, /encap 'gre' is none of ip, ip6, mpls, ila/),
  encap({ type: 'ip' }, /encap ip has neither id nor destination/),
  encap({ type: 'ip', id: '18446744073709551616' }, /id '18446744073709551616' is no number of 64 bits/),
  encap({ type: 'ip', destination: '2001:db8::1' }, /destination 2001:db8::1 is no IPv4 address/),
  encap({ type: 'ip6', id: '5', source: '192.0.2.1' }, /source 192\.0\.2\.1 is no IPv6 address/),
  encap({ type: 'ip', id: '5', ttl: 256 }, /ttl 256 is not/),
  encap({ type: 'ip', id: '5', flags: 65_536 }, /flags 65536 is not/),
  encap({ type: 'mpls' }, /encap mpls takes 1 to 30 labels/),
  encap({ type: 'mpls', labels: [2 ** 20] }, /label 1048576 is not an integer from 0 to 1048575/),
  encap({ type: 'ila', locator: '1:2:3' }, /'1:2:3' is no locator/),
  encap({ type: 'ila', locator: '1:2:3:10000' }, /'1:2:3:10000' is no locator/),

  [engineConfig(instance({ rules: [null as unknown as VirtualRule] })), /instance VI_1: rules is not an object/],
  rule({ preference: -1 }, /instance VI_1: preference -1 is not an integer from 0 to 4294967295/),
  rule({ family: 5 }, /instance VI_1: rule 500: family 5 is neither 4 nor 6/),
  rule({ action: 'drop' }, /action 'drop' is unknown/),
  rule({ table: 0 }, /table 0 is not an integer from 1 to 4294967295/),
  rule({ action: 'goto' }, /goto is missing/),
  rule({ from: '10.0.0.0' }, /from '10\.0\.0\.0' has no length/),
  rule({ to: '2001:db8::/32' }, /to 2001:db8::\/32 is no IPv4 prefix/),
  rule({ tos: 256 }, /tos 256 is not/),
  rule({ fwmark: { mark: 2 ** 32, mask: 0 } }, /fwmark\.mark 4294967296 is not/),
  rule({ fwmark: 5 }, /fwmark is not an object/),
  rule({ iif: '' }, /iif '': an interface name is not empty/),
  rule({ oif: '..' }, /oif '\.\.': an interface name/),
  rule({ tunnelId: '-1' }, /tunnelId '-1' is no number of 64 bits/),
  rule({ uidrange: { first: 6, last: 5 } }, /uidrange 6-5 ends before it begins/),
  rule({ sport: { first: 0, last: 65_536 } }, /sport 65536 is not an integer from 0 to 65535/),
  rule({ dport: { first: 1 } }, /dport/),
  rule({ ipproto: 256 }, /ipproto 256 is not/),
  rule({ realms: { from: -1, to: 0 } }, /realms\.from -1 is not/),
  rule({ suppressPrefixlength: 2 ** 31 }, /suppressPrefixlength 2147483648 is not an integer from 0 to 2147483647/),
  rule({ suppressIfgroup: -1 }, /suppressIfgroup -1 is not/),
  rule({ protocol: 256 }, /protocol 256 is not/),
  [
    { ...engineConfig(), staticObjects: { addresses: [], routes: [], rules: [{ ...RULE, tos: -1 }] } },
    /staticObjects: rule 500: tos -1 is not/,
  ],
  [
    { ...engineConfig(), staticObjects: { addresses: [], routes: [{ ...ROUTE, tos: -1 }], rules: [] } },
    /staticObjects: route 198\.51\.100\.0\/24: tos/,
  ],
]

/** A rule with every value there is. */
function fullRule(action: VirtualRule['action'], preference: number): VirtualRule {
  return {
    ...RULE,
    preference,
    action,
    goto: 4_294_967_295,
    inverted: true,
    from: '10.0.0.0/8',
    to: '10.0.0.1/32',
    fwmark: { mark: 4_294_967_295, mask: 4_294_967_295 },
    iif: 'eth0',
    oif: 'absent',
    tunnelId: '18446744073709551615',
    uidrange: { first: 0, last: 4_294_967_295 },
    ipproto: 255,
    sport: { first: 0, last: 65_535 },
    dport: { first: 7, last: 7 },
    trackGroup: 'group',
  }
}

/** How `apply` ended for each configuration: the code and the message, or nothing. */
async function outcomes(
  lab: Lab<'a'>,
  configs: readonly EngineConfig[],
): Promise<readonly (readonly [string | undefined, string] | null)[]> {
  const program = await Program.start(lab.host('a'))
  await program.run(async ({ open }) => await open())
  return await program.run(async ({ engine }, list) => {
    const ends: (readonly [string | undefined, string] | null)[] = []
    for (const config of list) {
      try {
        await engine.apply(config)
        ends.push(null)
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        ends.push([code, message])
      }
    }
    return ends
  }, configs)
}

serialLabTest(
  'apply() refuses what is no route or rule, and names what',
  inLab(['a'], async (t, lab) => {
    const ends = await outcomes(
      lab,
      REFUSED.map(([config]) => config),
    )
    for (const [index, [, message]] of REFUSED.entries()) {
      const [code, text] = ends[index] ?? ['accepted', '']
      t.is(code, 'KA_ERR_CONFIG_UNUSABLE', `${message}: ${text}`)
      t.regex(text, message)
    }
  }),
)

serialLabTest(
  'a route and a rule with every value there is are taken',
  inLab(['a'], async (t, lab) => {
    const everything: VirtualRoute = {
      ...ROUTE,
      metric: 4_294_967_295,
      preferredSource: lab.host('a').ipv4,
      path: {
        gateway: '192.0.2.9',
        interface: 'eth0',
        onlink: true,
        realms: { from: 65_535, to: 65_535 },
        encap: { type: 'ip', id: '18446744073709551615' },
      },
      metrics: [{ metric: 'mtu', value: 4_294_967_295, lock: true }],
      congestionControl: { name: 'cubic', lock: true },
      expiresS: 0,
      preference: 3,
      ttlPropagate: true,
      trackGroup: 'group',
      placement: 'append',
      noTrack: true,
    }
    const actions = ['table', 'goto', 'l3mdev', 'nop', 'blackhole', 'unreachable', 'prohibit'] as const
    const rules = actions.map((action, index) => fullRule(action, 500 + index))
    t.deepEqual(await outcomes(lab, [engineConfig(instance({ routes: [ROUTE, everything], rules }))]), [null])
  }),
)
