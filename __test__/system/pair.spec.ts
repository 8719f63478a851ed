import { fewAtOnce } from '../lab/few-at-once.ts'
import { labTest } from '../lab/in-lab.ts'
import { PROTOCOLS, SIGNED_PROTOCOLS } from '../lab/protocols.ts'
import { equalPriorities, failover, partition } from '../lab/scenarios.ts'

const PAIR = { a: 'ka-native', b: 'ka-native' } as const

for (const protocol of [...PROTOCOLS, ...SIGNED_PROTOCOLS]) {
  labTest(`${protocol.name}: a pair fails over and back`, fewAtOnce(failover(PAIR, protocol)))
  labTest(`${protocol.name}: a pair of equal priorities has one Master`, fewAtOnce(equalPriorities(PAIR, protocol)))
  labTest(`${protocol.name}: a pair survives a partition`, fewAtOnce(partition(PAIR, protocol)))
}
