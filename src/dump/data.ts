import { isIPv6 } from 'node:net'
import type { InterfaceDetails } from '#native'
import type { StaticAddress } from '../config/model.ts'
import { addressText } from './address-text.ts'
import { globalPieces } from './data-globals.ts'
import { groupPieces } from './data-groups.ts'
import { instanceText } from './data-instance.ts'
import { interfaceText, socketPieces } from './data-interfaces.ts'
import { trackerPieces } from './data-trackers.ts'
import { routeText } from './route-text.ts'
import { ruleText } from './rule-text.ts'
import type { DumpState } from './state.ts'

/** `keepalived.data`: the whole state for people, in pieces. */
export function* dataPieces(state: DumpState): Generator<string, void, void> {
  const { config, instances, interfaces } = state
  yield* globalPieces(config)
  yield section('Static Addresses', config.staticIpaddress, (address) =>
    addressText({ ...address, useVmac: false }, isHeld(address, interfaces)),
  )
  yield section('Static Routes', config.staticRoutes, routeText)
  yield section('Static Rules', config.staticRules, ruleText)
  if (instances.length > 0) {
    yield '------< VRRP Topology >------\n'
    for (const instance of instances) yield instanceText(instance, groupOf(state, instance.config.name))
    yield* socketPieces(state)
  }
  yield* groupPieces(state)
  yield* trackerPieces(state)
  if (interfaces.length > 0) yield '------< Interfaces >------\n'
  for (const one of interfaces) yield interfaceText(one)
}

/** `keepalived_parent.data`: what concerns the whole process. */
export function* parentPieces({ config }: DumpState): Generator<string, void, void> {
  yield* globalPieces(config)
}

/** Whether a static address is there: the kernel is told of it as soon as its interface is, and may have it while that is up. */
function isHeld({ address, dev }: StaticAddress, interfaces: readonly InterfaceDetails[]): boolean {
  const found = interfaces.find(({ name }) => name === dev)
  const [plain = ''] = address.split('/')
  return found !== undefined && (isIPv6(plain) ? found.up : found.addresses.includes(plain))
}

function groupOf({ config }: DumpState, instance: string): string | undefined {
  return config.vrrpSyncGroups.find(({ group }) => group.includes(instance))?.name
}

function section<T>(title: string, items: readonly T[], text: (item: T) => string): string {
  if (items.length === 0) return ''
  return `------< ${title} >------\n${items.map((item) => `     ${text(item)}\n`).join('')}`
}
