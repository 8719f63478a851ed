import { labTest } from './in-lab.ts'
import { V3_IPV4, V3_IPV6 } from './protocols.ts'
import { equalPriorities, failover, partition } from './scenarios.ts'

// The scenarios of the system and interoperation tests expect what two real keepalived do.
const REFERENCE = { a: 'keepalived', b: 'keepalived' } as const

for (const protocol of [V3_IPV4, V3_IPV6]) {
  labTest(`${protocol.name}: the reference pair fails over and back`, failover(REFERENCE, protocol))
  labTest(`${protocol.name}: the reference pair of equal priorities has one Master`, equalPriorities(REFERENCE, protocol))
  labTest(`${protocol.name}: the reference pair survives a partition`, partition(REFERENCE, protocol))
}
