/** Whether two parts of a model say the same. It makes no objects: tens of thousands of servers are compared at each reload. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one)) return Array.isArray(other) && areSameLists(one, other)
  const [left, right] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>]
  for (const name in left) if (!isSame(left[name], right[name])) return false
  // What is absent is as good as `undefined`.
  for (const name in right) if (right[name] !== undefined && left[name] === undefined) return false
  return true
}

function areSameLists(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index++) if (!isSame(one[index], other[index])) return false
  return true
}
