import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'

/** One way to speak, and what Wireshark must find in each of its advertisements. */
interface Speech {
  readonly name: string
  readonly conf: string
  /** A filter of Wireshark that holds for every advertisement. */
  readonly filter: string
  /** A filter that picks the announcements of the addresses. */
  readonly announcements: string
}

const ARP = 'arp.isgratuitous == 1 && arp.src.proto_ipv4 == 192.0.2.200'
const NA = 'icmpv6.type == 136 && icmpv6.nd.na.target_address == 2001:db8::c8 && icmpv6.checksum.status == 1'

const base = { vrid: 51, priority: 100, advertInt: 1 } as const
const ipv4 = { ...base, addresses: ['192.0.2.200/24', '192.0.2.201/24'] }
const ipv6 = { ...base, addresses: ['fe80::c8/64', '2001:db8::c8/64'] }

const PEERS_V4 = ['unicast_src_ip 192.0.2.1', 'unicast_peer {', '  192.0.2.2', '}']
const SIGNED = ['auth_hmac {', '  key 7 0123456789abcdef0123456789ABCDEF', '  active_key 7', '}']

/** Checksums that Wireshark computes itself; 1 is right. */
const GOOD = 'vrrp.checksum.status == 1'

const SPEECHES: readonly Speech[] = [
  {
    name: 'v2 IPv4',
    conf: keepalivedConf({ ...ipv4, version: 2 }),
    filter: `${GOOD} && vrrp.version == 2 && vrrp.auth_type == 0 && vrrp.addr_count == 2 && ip.ttl == 255 && ip.dsfield == 0xc0`,
    announcements: ARP,
  },
  {
    name: 'v2 IPv4 PASS',
    conf: keepalivedConf({ ...ipv4, version: 2, authPass: 's3cret' }),
    filter: `${GOOD} && vrrp.version == 2 && vrrp.auth_type == 1 && vrrp.auth_string == "s3cret" && vrrp.addr_count == 2`,
    announcements: ARP,
  },
  {
    name: 'v3 IPv4',
    conf: keepalivedConf({ ...ipv4, version: 3 }),
    filter: `${GOOD} && vrrp.version == 3 && vrrp.short_adver_int == 100 && vrrp.addr_count == 2`,
    announcements: ARP,
  },
  {
    name: 'v3 IPv6',
    conf: keepalivedConf({ ...ipv6, version: 3 }),
    filter: `${GOOD} && vrrp.version == 3 && vrrp.ipv6_addr == 2001:db8::c8 && ipv6.hlim == 255 && ipv6.tclass == 0xc0`,
    announcements: NA,
  },
  {
    name: 'v2 IPv4 AH',
    conf: keepalivedConf({
      ...ipv4,
      version: 2,
      extra: ['authentication {', '  auth_type AH', '  auth_pass s3cret', '}'],
    }),
    filter: `${GOOD} && ah.length == 4 && ah.spi == 0xc0000201 && vrrp.auth_type == 2 && ip.proto == 51 && ip.ttl == 255`,
    announcements: ARP,
  },
  {
    name: 'v2 IPv4 unicast AH',
    conf: keepalivedConf({
      ...ipv4,
      version: 2,
      extra: [...PEERS_V4, 'authentication {', '  auth_type AH', '  auth_pass s3cret', '}'],
    }),
    filter: `${GOOD} && ah.length == 4 && vrrp.auth_type == 2 && ip.dst == 192.0.2.2`,
    announcements: ARP,
  },
  {
    name: 'v3 IPv4 unicast',
    conf: keepalivedConf({ ...ipv4, version: 3, extra: PEERS_V4 }),
    filter: `${GOOD} && vrrp.version == 3 && ip.dst == 192.0.2.2 && ip.ttl == 255`,
    announcements: ARP,
  },
  {
    name: 'v3 IPv6 unicast',
    conf: keepalivedConf({ ...ipv6, version: 3, extra: ['unicast_src_ip 2001:db8::1', 'unicast_peer {', '  2001:db8::2', '}'] }),
    filter: `${GOOD} && vrrp.version == 3 && ipv6.dst == 2001:db8::2 && ipv6.hlim == 64`,
    announcements: NA,
  },
  {
    // Wireshark does not know the signature: 28 octets that the checksum does not cover over IPv4, and covers over IPv6.
    name: 'v2 IPv4 signed',
    conf: keepalivedConf({ ...ipv4, version: 2, extra: SIGNED }),
    filter: 'vrrp.version == 2 && vrrp.addr_count == 2 && ip.len == 72',
    announcements: ARP,
  },
  {
    name: 'v3 IPv6 signed',
    conf: keepalivedConf({ ...ipv6, version: 3, extra: SIGNED }),
    filter: `${GOOD} && vrrp.version == 3 && vrrp.addr_count == 2 && ipv6.plen == 68`,
    announcements: NA,
  },
]

for (const { name, conf, filter, announcements } of SPEECHES) {
  labTest(
    `${name}: Wireshark finds nothing malformed in what a router sends from its start to its stop`,
    inLab(['a', 'client'], async (t, lab) => {
      const capture = await lab.capture('client', `ether src ${lab.host('a').mac}`)
      const router = await startDaemon(lab, 'a', 'ka-native', conf)
      await capture.waitFor('some advertisements', (packets) => packets.filter(({ kind }) => kind === 'advertisement').length >= 3)
      t.deepEqual(await router.terminate(), { code: 0, signal: null })
      await capture.waitFor('the resignation', (packets) =>
        packets.some((packet) => packet.kind === 'advertisement' && packet.priority === 0),
      )
      await capture.stop()

      t.deepEqual(await read(lab, capture.inside, '_ws.malformed || _ws.expert.severity >= 0x800000'), [], 'nothing is malformed')
      const all = await read(lab, capture.inside, 'vrrp')
      t.true(all.length >= 4)
      t.deepEqual(await read(lab, capture.inside, `vrrp && ${filter}`), all, 'every advertisement is as it should be')
      t.true((await read(lab, capture.inside, announcements)).length >= 2, 'the addresses are announced')
    }),
  )
}

/** The lines of Wireshark's list for the frames that a filter picks. */
async function read(lab: Lab, file: string, filter: string): Promise<string[]> {
  const output = await lab.sandbox.exec(['tshark', '-n', '-r', file, '-Y', filter])
  return output.split('\n').filter((line) => line !== '')
}
