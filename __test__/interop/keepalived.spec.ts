import { labTest } from '../lab/in-lab.ts'
import { PROTOCOLS } from '../lab/protocols.ts'
import { equalPriorities, failover, partition, type Pairing } from '../lab/scenarios.ts'

const PAIRINGS: readonly Pairing[] = [
  { a: 'keepalived', b: 'ka-native' },
  { a: 'ka-native', b: 'keepalived' },
]

for (const protocol of PROTOCOLS) {
  for (const pairing of PAIRINGS) {
    labTest(`${protocol.name}: ${pairing.a} as Master fails over to ${pairing.b} and back`, failover(pairing, protocol))
    labTest(`${protocol.name}: ${pairing.a} and ${pairing.b} of equal priorities have one Master`, equalPriorities(pairing, protocol))
    labTest(`${protocol.name}: ${pairing.a} and ${pairing.b} survive a partition`, partition(pairing, protocol))
  }
}
