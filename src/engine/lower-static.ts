import type { StaticObjects } from '#native'
import type { Config } from '../config/model.ts'
import { lowerAddresses } from './lower-addresses.ts'
import { lowerRoutes } from './lower-routes.ts'
import { lowerRules } from './lower-rules.ts'

/** What is there from the start to the stop, whatever the state of instances. */
export function lowerStatic({ staticIpaddress, staticRoutes, staticRules }: Config): StaticObjects {
  return {
    addresses: lowerAddresses(staticIpaddress),
    routes: lowerRoutes(staticRoutes),
    rules: lowerRules(staticRules),
  }
}
