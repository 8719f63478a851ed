import type { EventKind } from '#native'
import type { Config } from '../config/model.ts'
import type { Sentence } from '../engine/sentences.ts'

type StateChanged = Extract<EventKind, { readonly type: 'stateChanged' }>
type GroupStateChanged = Extract<EventKind, { readonly type: 'groupStateChanged' }>
type Groups = Pick<Config, 'vrrpSyncGroups'>

/**
 * What keepalived says of sync groups: that the others follow, once, behind what it says of the member that they follow. The engine
 * tells of a group when all its members are there.
 */
export class GroupSentences {
  /** The group of each instance that is in one. */
  #groups = new Map<string, string>()
  readonly #states = new Map<string, StateChanged['to']>()
  /** The state that members of a group are on the way to, and that is said. */
  readonly #said = new Map<string, StateChanged['to']>()
  readonly #beginInFault = new Set<string>()

  /** Members of a configuration may change from now on, and those before it still. */
  configure({ vrrpSyncGroups }: Groups): void {
    for (const { name, group } of vrrpSyncGroups) for (const member of group) this.#groups.set(member, name)
  }

  /** Only groups of this configuration are left. */
  retain(config: Groups): void {
    this.#groups = new Map()
    this.configure(config)
    const named = new Set(config.vrrpSyncGroups.map(({ name }) => name))
    for (const known of [this.#states, this.#said, this.#beginInFault])
      for (const name of known.keys()) if (!named.has(name)) known.delete(name)
  }

  /** Between what a member lacks and its state, of a group that begins with that. */
  before({ instance, from, to, cause }: StateChanged): readonly Sentence[] {
    const group = this.#groups.get(instance)
    const isOwnFault = cause.type === 'fault' && cause.group !== true
    if (group === undefined || from !== 'INIT' || to !== 'FAULT' || !isOwnFault || !this.#beginInFault.delete(group)) return []
    // The colon, and that it is not the member that follows, is keepalived's.
    return [{ level: 'info', text: `VRRP_Group(${group}): Syncing ${instance} to ${to} state` }]
  }

  /** Behind what is said of a member. */
  after({ instance, from, to, cause }: StateChanged): readonly Sentence[] {
    const group = this.#groups.get(instance)
    // At a start nobody follows.
    const isAlone = from === 'INIT' && ['start', 'addressOwner'].includes(cause.type)
    if (group === undefined || isAlone || to === 'INIT' || to === 'STOP') return []
    if (this.#states.get(group) === to || this.#said.get(group) === to) return []
    if (cause.type === 'lostObject') {
      // It comes back at once, and the others with it: as keepalived, only that is said.
      this.#states.set(group, to)
      return []
    }
    this.#said.set(group, to)
    return [{ level: 'info', text: `VRRP_Group(${group}) Syncing instances to ${to} state` }]
  }

  /** All members have followed, or begin with it. */
  arrived({ group, from, to }: GroupStateChanged): void {
    this.#states.set(group, to)
    this.#said.delete(group)
    if (from === 'INIT' && to === 'FAULT') this.#beginInFault.add(group)
    else this.#beginInFault.delete(group)
  }
}
