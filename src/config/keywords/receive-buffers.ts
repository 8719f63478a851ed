/** `vrrp_rx_bufs_policy MTU|ADVERT|BYTES`. */
import { integer, UINT32_MAX } from '../forms/numbers.ts'
import { requiredWord } from '../forms/words.ts'
import type { Line } from '../blocks/line.ts'
import type { Form } from '../tables/form.ts'
import type { ReadContext } from '../tables/schema.ts'

/** A size in octets, or what it is worked out from. */
type Policy = number | 'MTU' | 'ADVERT'

const BYTES = integer(0, UINT32_MAX)

/** Several words may stand there: a size goes before a policy, and MTU before ADVERT. */
export function receiveBuffers(): Form<Policy> {
  return {
    types: {
      model: "number | 'MTU' | 'ADVERT'",
      input: "number | 'MTU' | 'ADVERT'",
      schema: { anyOf: [BYTES.types.schema, { enum: ['MTU', 'ADVERT'] }] },
    },
    read(line, context, name) {
      if (line.left === 0) return requiredWord(line, name, 'MTU, ADVERT or a number of octets', context.diagnostics, true) as undefined
      let policy: Policy | undefined
      while (line.left > 0) policy = stronger(policy, readPolicy(line, context, name), line, context)
      return policy
    },
    toInput: (policy) => policy,
    toWords: (input) => (typeof input === 'number' || input === 'MTU' || input === 'ADVERT' ? [String(input)] : undefined),
  }
}

/** Lines add up as words do. */
export function storeReceiveBuffers(draft: { vrrpRxBufsPolicy?: Policy }, value: unknown, line: Line, context: ReadContext): void {
  const policy = stronger(draft.vrrpRxBufsPolicy, value as Policy, line, context)
  if (policy !== undefined) draft.vrrpRxBufsPolicy = policy
}

function readPolicy(line: Line, context: ReadContext, name: string): Policy | undefined {
  const text = line.peek()?.toUpperCase()
  if (text !== 'MTU' && text !== 'ADVERT') return BYTES.read(line, context, name)
  line.next()
  return text
}

function stronger(one: Policy | undefined, other: Policy | undefined, line: Line, { diagnostics }: ReadContext): Policy | undefined {
  if (one === undefined || other === undefined || one === other) return other ?? one
  if (typeof one === 'number' && typeof other === 'number') return other
  const [kept, ignored] = rank(one) > rank(other) ? [one, other] : [other, one]
  diagnostics.error('conflicting-setting', line.wordSpan, `${ignored} does not go with ${kept}; it is ignored`)
  return kept
}

function rank(policy: Policy): number {
  if (typeof policy === 'number') return 2
  return policy === 'MTU' ? 1 : 0
}
