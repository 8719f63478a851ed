/** Codes about what blocks and lines mean together. */

export const WHOLE_ERRORS = {
  'unknown-name': {
    meaning: 'Nothing above the line has the name that it mentions. What mentions it is ignored.',
    remedy: 'Correct the name, or define it earlier in the text.',
  },
  'duplicate-server': {
    meaning: 'A virtual server has this real server already: same address and port. The second one is ignored.',
    remedy: 'Take one of them away.',
  },
  'default-used': {
    meaning: 'A virtual server does not say something that each one should, and a default is used.',
    remedy: 'Write what the message names.',
  },
  'port-mismatch': {
    meaning: 'Direct routing and tunnels leave the port of a packet as it is, so the port of the server behind cannot be another one.',
    remedy: 'Give the server the port of its virtual server, or none, or use `lvs_method NAT`.',
  },
  'duplicate-name': {
    meaning: 'A block of this kind has the name already; the second block is ignored as a whole.',
    remedy: 'Give each a name of its own.',
  },
  'missing-vrid': {
    meaning: 'An instance has no `virtual_router_id`, without which there is no virtual router.',
    remedy: 'Add `virtual_router_id` with the number that the other routers use.',
  },
  'missing-destination': {
    meaning: 'A route line has no destination; it is ignored.',
    remedy: 'Write the destination first; after `inet` or `inet6` it needs `to` in front.',
  },
  'missing-action': {
    meaning: 'A rule line does not say what is to be done; it is ignored.',
    remedy: 'Add `table`, `goto` or one of the actions, such as `type blackhole`.',
  },
  'missing-preference': {
    meaning: 'A rule with `goto` needs a preference of its own, below that of its target; the line is ignored.',
    remedy: 'Add `preference`.',
  },
  'unknown-vrf': {
    meaning: 'The interface behind `vrf` does not exist or is no VRF.',
    remedy: '`ip link show type vrf` lists them.',
  },
  'static-without-interface': {
    meaning: 'A static address, route or rule names an interface that does not exist. keepalived ends there.',
    remedy: 'Correct the name, or allow later ones with `dynamic_interfaces`.',
  },
  'duplicate-vrid': {
    meaning: 'Two instances are the same virtual router: same VRID, IP version, group and interface. Both would answer the other.',
    remedy: 'Give one of them another `virtual_router_id`.',
  },
  'missing-interface': {
    meaning: 'An instance has no interface, or not the source address that one without interface needs.',
    remedy: 'Add `interface`.',
  },
  'unknown-interface': {
    meaning: 'The interface does not exist on this machine.',
    remedy: 'Correct the name (`ip link` lists them), or allow later ones with `dynamic_interfaces`.',
  },
  'no-virtual-address': {
    meaning: 'An instance has no address to advertise, which VRRP version 3 and strict mode forbid.',
    remedy: 'Add `virtual_ipaddress`.',
  },
  'too-many-addresses': {
    meaning: 'An advertisement has no room for all addresses of `virtual_ipaddress`. The rest is held and not advertised.',
    remedy: 'Move the rest to `virtual_ipaddress_excluded`, on every router alike.',
  },
  'interval-rounded': {
    meaning:
      'The protocol version cannot express the advertisement interval: version 2 has whole seconds, version 3 hundredths up to 40.95 s. The interval is rounded.',
    remedy: 'Write the rounded `advert_int` on every router, or use version 3.',
  },
  'version-2-sub-second': {
    meaning: 'The advertisement interval is below one second, and version 2 has whole seconds only; 1 s is used.',
    remedy: 'Use `version 3` on every router, or `advert_int 1`; see docs/lint/version-2-sub-second.md.',
  },
  'nopreempt-with-master': {
    meaning: '`nopreempt` stands beside `state MASTER` or priority 255, with which it means nothing; it is ignored.',
    remedy: 'Write `state BACKUP` on every router; see docs/lint/nopreempt-with-master.md.',
  },
  'quorum-above-weights': {
    meaning: 'All real servers together have less weight than `quorum`, which is lowered to their sum.',
    remedy: 'Lower `quorum`, or raise weights; see docs/lint/quorum-above-weights.md.',
  },
  'authentication-dropped': {
    meaning:
      'The password authentication cannot be used: version 3 and strict mode have none, or a part of it is missing. The instance runs without it.',
    remedy: 'Take the `authentication` block away, or complete it on every router.',
  },
  'unicast-without-peers': {
    meaning: 'There are unicast settings and no peer to send to, so multicast is used.',
    remedy: 'List the other routers in `unicast_peer`, or take the unicast settings away; see docs/lint/unicast-without-peers.md.',
  },
  'ipvlan-without-address': {
    meaning: 'An instance on an IPv4 ipvlan has no address to send from; it stays in FAULT.',
    remedy: 'Name one: `use_ipvlan ADDRESS`.',
  },
  'strict-unicast': {
    meaning: 'Strict mode and unicast peers exclude each other on an interface that can send multicast.',
    remedy: 'Take `strict_mode` or `unicast_peer` away.',
  },
  'incomplete-block': {
    meaning: 'A block lacks what it cannot be without, such as a script or an address; it is ignored as a whole.',
    remedy: 'Add what the message names.',
  },
  'undefined-name': {
    meaning: 'A line names something that is not defined, or, where the order matters, is defined only later. The line is ignored.',
    remedy: 'Define it above, or correct the name.',
  },
  'unsafe-script': {
    meaning: 'Script security is enabled, the script runs as root, and somebody else can change it or a directory on the way to it.',
    remedy:
      'Take the permission away, move the script, or run it as another account. The message names what can be changed, its owner and its mode.',
  },
  'tracked-script-not-usable': {
    meaning: 'The program of a `vrrp_script` is not there or cannot be run; the script is ignored, and so are the lines that track it.',
    remedy: 'Correct its path or its permissions.',
  },
  'listed-interface-missing': {
    meaning: 'A line of `linkbeat_interfaces` or `interface_up_down_delays` names an interface that does not exist on this machine.',
    remedy: 'Correct the name (`ip link` lists them), or allow later ones with `dynamic_interfaces`.',
  },
} as const
