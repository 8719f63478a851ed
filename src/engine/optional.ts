/** A property that is absent where there is no value: the addon takes no `undefined` for it. */
export function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  const property: { [P in K]?: V } = {}
  if (value !== undefined) property[name] = value
  return property
}
