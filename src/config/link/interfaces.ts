/** Interfaces that lines name. */
import { shown } from '../diagnostics/printable.ts'
import type { ReadContext } from '../tables/schema.ts'
import type { Span } from '../text/source.ts'
import type { Defaults } from './defaults.ts'

/** For messages about an interface that does not exist. */
export const INTERFACE_HELP = 'an interface may be missing at start with `dynamic_interfaces` in global_defs'

/**
 * Reports an interface that does not exist, where it must.
 *
 * @param owner what names it, for the message: "address 10.0.0.1"
 * @param place where it is named, asked only then
 */
export function reportMissing(
  name: string,
  owner: string,
  place: () => Span,
  defaults: Defaults,
  { diagnostics, host }: ReadContext,
): void {
  if (defaults.isInterfaceOptional || host.hasInterface(name)) return
  diagnostics.error('unknown-interface', place, `interface ${shown(name)} of ${owner} does not exist`, INTERFACE_HELP)
}
