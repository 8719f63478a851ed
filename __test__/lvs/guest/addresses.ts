/**
 * The network of the traffic tests: the client has a bridge to the director and one to the real servers, the director is on both.
 *
 *     client 10.0.1.2 -- br0 -- 10.0.1.1 director 10.0.2.1 -- br1 -- 10.0.2.11, .12, .13 real servers, .14 sorry server
 *            10.0.2.2 --------------------------------------- br1
 */
export const NETWORKS = {
  4: { client: '10.0.1.', servers: '10.0.2.', host: 32, prefix: 24 },
  6: { client: 'fd00:1::', servers: 'fd00:2::', host: 128, prefix: 64 },
} as const

/** The last parts of the virtual addresses, by the method of their services. */
export const NAT_ADDRESS = 100
export const DIRECT_ADDRESS = 101
export const TUNNEL_ADDRESS = 102
/** Of the service that keeps a client on one server. */
export const PERSISTENT_ADDRESS = 103
