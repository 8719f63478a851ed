import type { Logger } from 'pino'

/** Waits for parts that end side by side. @throws what the first of them that failed says; what others say is logged */
export async function allEnded(parts: readonly Promise<unknown>[], log: Pick<Logger, 'error'>): Promise<void> {
  const outcomes = await Promise.allSettled(parts)
  const [failed, ...others] = outcomes.filter((outcome) => outcome.status === 'rejected')
  for (const { reason } of others) log.error({ err: reason as unknown }, 'another part has not ended well either')
  if (failed !== undefined) throw failed.reason
}
