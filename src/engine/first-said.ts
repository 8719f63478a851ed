/**
 * Each item as the first one says that means the same: the kernel holds it once.
 *
 * @param keyOf what tells items apart
 */
export function asFirstSaid<T>(items: readonly T[], keyOf: (item: T) => unknown): T[] {
  const known = new Map<string, T>()
  return items.map((item) => {
    const key = JSON.stringify(keyOf(item))
    const first = known.get(key) ?? item
    known.set(key, first)
    return first
  })
}
