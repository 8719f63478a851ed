import type { Checker } from '../checks/checker.ts'
import type { VirtualServer } from '../config/model.ts'
import { announceQuorum, announceServer, mailOfChecker } from './announcements.ts'
import { canServe, destinationOf, placeOf } from './destinations.ts'
import type { Place, Placeable } from './destinations.ts'
import { hasQuorum, quorumMail, quorumRules, quorumSentence } from './quorum.ts'
import type { QuorumCause, QuorumRules } from './quorum.ts'
import type { RealServerState } from './real-server.ts'
import type { ServedEntry } from './service-settings.ts'
import { SorryState } from './sorry-server.ts'
import type { Turn } from './turn.ts'
import type { User, WantedService } from './wanted-service.ts'
import type { WantedTable } from './wanted-table.ts'

/** When quorum is looked at: while it runs, when it begins, or in a reload. */
export type Phase = 'running' | 'beginning' | 'reload'

/** A virtual server of a configuration: which of its servers are in the kernel, and whether they are enough (lvs.md §2). */
export class VirtualServerState {
  /** What it is known by over reloads. */
  readonly key: string
  readonly name: string
  readonly config: VirtualServer
  readonly entries: readonly ServedEntry[]
  /** Members of its group, as messages call them. */
  readonly members: readonly string[]
  readonly rules: QuorumRules
  readonly sorry: SorryState | undefined
  servers: readonly RealServerState[] = []
  /** It has quorum. */
  isUp = false
  /** When it gained or lost it; 0: never. */
  sinceMs = 0
  /** Weight of the servers that are in the pool. */
  sum = 0
  /** Its checkers wait for its address: `ha_suspend`. */
  isSuspended = false
  /** Its services in the kernel, one for each entry. */
  services: readonly WantedService[] = []
  readonly #noCheckerEmails: boolean

  /** @param noCheckerEmails of checkers, only what changes a server is mailed */
  constructor(
    identity: { readonly key: string; readonly name: string; readonly sorryOrder: number },
    config: VirtualServer,
    served: { readonly entries: readonly ServedEntry[]; readonly members: readonly string[] },
    noCheckerEmails: boolean,
  ) {
    this.key = identity.key
    this.name = identity.name
    this.config = config
    this.entries = served.entries
    this.members = served.members
    this.rules = quorumRules(config)
    this.sorry = SorryState.of(config, identity.sorryOrder)
    this.#noCheckerEmails = noCheckerEmails
  }

  /** The sorry server serves. */
  get isSorry(): boolean {
    return this.sorry !== undefined && !this.isUp
  }

  /** A checker of a server has a verdict. */
  checked(server: RealServerState, checker: Checker, isUp: boolean, mail: string, turn: Turn): void {
    server.hear(checker, isUp, turn.nowMs)
    const reason = `${checker.kind}: ${checker.reason}`
    const hasChanged = this.settle(server, reason, mail, turn)
    if (!isUp) this.#forgetPart(server)
    if (!hasChanged && !server.override.isMaintained) {
      // The first word of a server that waits for its checkers.
      if (!isUp && server.told === undefined) this.#announce(server, reason, mail, turn)
      else if (!this.#noCheckerEmails) mailOfChecker(server, mail, turn)
    }
    this.review('running', turn)
    this.place(server, turn)
  }

  /** The weight of a server changed: by its checkers, or by an operator. */
  weighed(server: RealServerState, turn: Turn): void {
    this.reweigh(server, turn)
    this.review('running', turn)
    this.place(server, turn)
  }

  /** An operator wants something else of a server. */
  overridden(server: RealServerState, turn: Turn): void {
    this.reweigh(server, turn)
    const reason = server.override.isMaintained ? 'maintenance' : 'end of maintenance'
    this.settle(server, reason, '=> Maintenance <=', turn)
    this.review('running', turn)
    this.place(server, turn)
  }

  /** Puts a server into the pool or takes it out, as it is wanted. @returns whether that is a change */
  settle(server: RealServerState, reason: string, mail: string | undefined, turn: Turn): boolean {
    const isServing = server.shallServe
    if (isServing === server.isServing) return false
    server.isServing = isServing
    server.sinceMs = turn.nowMs
    this.sum += isServing ? server.weight : -server.weight
    turn.line(sentenceOf(server, isServing))
    this.#announce(server, reason, mail, turn)
    return true
  }

  #announce(server: RealServerState, reason: string, mail: string | undefined, turn: Turn): void {
    server.told = server.isServing
    announceServer(server, { isUp: server.isServing, reason, mail }, turn)
  }

  /** Takes up the weight that a server is to have. */
  reweigh(server: RealServerState, turn: Turn): void {
    const from = server.weight
    const to = server.wantedWeight
    if (from === to) return
    server.weight = to
    if (server.isServing) this.sum += to - from
    const activity = server.isServing ? 'active' : 'inactive'
    turn.line(`Changing weight from ${from} to ${to} for ${activity} service ${server.server} of VS ${this.name}`)
    turn.event({ type: 'weightChanged', service: this.name, server: server.server, from, to })
  }

  /** The part of a checker that failed ends with it, without a word. */
  #forgetPart(server: RealServerState): void {
    const { wantedWeight } = server
    if (server.isServing) this.sum += wantedWeight - server.weight
    server.weight = wantedWeight
  }

  /** Looks whether the servers are enough, and has the sorry server serve where they are not. */
  review(phase: Phase, turn: Turn, hadSorry: boolean = this.isSorry): void {
    const had = this.isUp
    const has = hasQuorum(this.rules, this.sum, had)
    if (has !== had) this.#turnTo(has, phase, hadSorry, turn)
    else if (!has && this.isSorry && !hadSorry) this.#startDown(turn)
    else return
    for (const server of this.servers) this.place(server, turn)
    this.#placeSorry(turn)
  }

  #turnTo(isUp: boolean, phase: Phase, hadSorry: boolean, turn: Turn): void {
    this.isUp = isUp
    this.sinceMs = turn.nowMs
    const cause = causeOf(isUp, phase)
    turn.line(quorumSentence(cause, this.rules, this.sum, this.name, true))
    if (isUp && hadSorry) this.#tellSorryLeaves(turn)
    else if (!isUp && this.sorry !== undefined) this.#tellSorryComes(this.sorry, turn)
    this.#announceQuorum(cause, turn)
  }

  /** It has no quorum, and a sorry server that it did not have before. */
  #startDown(turn: Turn): void {
    turn.line(quorumSentence('startingDown', this.rules, this.sum, this.name, false))
    if (this.sorry !== undefined) this.#tellSorryComes(this.sorry, turn)
    // As keepalived, again where a reload brings another sorry server.
    this.#announceQuorum('startingDown', turn)
  }

  #announceQuorum(cause: QuorumCause, turn: Turn): void {
    announceQuorum(this, { isUp: this.isUp, mail: quorumMail(cause, this.rules, this.sum) }, turn)
  }

  #tellSorryComes({ isInhibited, server }: SorryState, turn: Turn): void {
    turn.line(`${isInhibited ? 'Enabling' : 'Adding'} sorry server ${server} to VS ${this.name}`)
    turn.line(`Removing alive servers from the pool for VS ${this.name}`)
  }

  #tellSorryLeaves(turn: Turn): void {
    if (this.sorry !== undefined) turn.line(leavingSentence(this.sorry, this.name))
    turn.line(`Adding alive servers to the pool for VS ${this.name}`)
  }

  /** Takes its services in a table, and puts into them what is to be there. */
  bind(table: WantedTable): void {
    this.services = this.entries.map((entry) => table.own(entry, this.name))
    for (const server of this.servers) {
      server.placed = this.#weightInKernel(server)
      this.#put(server, server.config, server.placed)
    }
    const { sorry } = this
    if (sorry === undefined) return
    sorry.placed = sorry.weightWhen(this.isSorry)
    this.#put(sorry, sorry.placeable, sorry.placed)
  }

  /** Brings the kernel's services to what is wanted of a server; nothing while a configuration is made ready. */
  place(server: RealServerState, turn: Turn): void {
    if (turn.batch === undefined) return
    const weight = this.#weightInKernel(server)
    if (weight === server.placed) return
    server.placed = weight
    this.#put(server, server.config, weight, turn)
  }

  #placeSorry(turn: Turn): void {
    const { sorry } = this
    if (sorry === undefined || turn.batch === undefined) return
    const weight = sorry.weightWhen(this.isSorry)
    if (weight === sorry.placed) return
    sorry.placed = weight
    this.#put(sorry, sorry.placeable, weight, turn)
  }

  #put(user: User, placeable: Placeable, weight: number | undefined, turn?: Turn): void {
    for (const { service, place } of this.placesOf(placeable)) {
      if (weight !== undefined) service.want(user, destinationOf(placeable, weight, place), turn?.batch)
      else if (turn?.batch !== undefined) service.drop(user, place, turn.batch)
    }
  }

  /** Where a server is in the services of this virtual server. */
  placesOf(placeable: Placeable): readonly { readonly service: WantedService; readonly place: Place }[] {
    const isOfGroup = this.config.group !== undefined
    return this.services.flatMap((service, index) => {
      const entry = this.entries[index]
      return entry === undefined || !canServe(placeable, entry) ? [] : [{ service, place: placeOf(placeable, entry, isOfGroup) }]
    })
  }

  /** While the sorry server serves no other one does; connections of one that is drained go on all the same. */
  #weightInKernel(server: RealServerState): number | undefined {
    const whenOut = server.config.inhibitOnFailure ? 0 : undefined
    if (!server.isServing) return whenOut
    if (!this.isSorry) return server.weight
    return server.override.isDrained ? 0 : whenOut
  }
}

function causeOf(isUp: boolean, phase: Phase): QuorumCause {
  if (isUp) return phase === 'beginning' ? 'startingUp' : 'gained'
  return phase === 'running' ? 'lost' : 'startingDown'
}

/** That a sorry server does not serve any more. */
export function leavingSentence({ isInhibited, server }: SorryState, service: string): string {
  return `${isInhibited ? 'Disabling' : 'Removing'} sorry server ${server} from VS ${service}`
}

/** That a server enters or leaves the pool. */
function sentenceOf({ config, server, service }: RealServerState, isServing: boolean): string {
  if (config.inhibitOnFailure) return `${isServing ? 'Enabling' : 'Disabling'} service ${server} of VS ${service}`
  return isServing ? `Adding service ${server} to VS ${service}` : `Removing service ${server} from VS ${service}`
}
