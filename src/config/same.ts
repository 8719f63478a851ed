/** Whether two parts of a model say the same. It makes no objects: tens of thousands of servers are compared at each reload. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) || Array.isArray(other)) return Array.isArray(one) && Array.isArray(other) && areSameLists(one, other)
  const [left, right] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>]
  // What is absent is as good as `undefined`.
  let surplus = 0
  for (const name in left) {
    const value = left[name]
    if (value !== right[name] && !isSame(value, right[name])) return false
    if (value !== undefined) surplus -= 1
  }
  for (const name in right) if (right[name] !== undefined) surplus += 1
  return surplus === 0
}

function areSameLists(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (!isSame(one[index], other[index])) return false
  return true
}
