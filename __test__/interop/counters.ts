import { readFile } from 'node:fs/promises'
import type { Daemon } from '../lab/daemon.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

/** SIGRTMIN+2: both programs write their state as JSON. */
const DUMP_JSON = 36

/** What of the counters of a router means that something was refused, or not as it should be. */
const REFUSALS = [
  'advert_interval_err',
  'packet_len_err',
  'ip_ttl_err',
  'invalid_type_rcvd',
  'addr_list_err',
  'invalid_authtype',
  'authtype_mismatch',
  'auth_failure',
] as const

/** What a router has counted. */
export interface Counters {
  readonly received: number
  readonly sent: number
  /** What was refused, by its counter. */
  readonly refused: Readonly<Record<string, number>>
}

/** Where a daemon that is started with it writes its dumps: not where those of other tests are. */
export async function dumpDirectory<Name extends string>(lab: Lab<Name>, host: Name): Promise<{ TMPDIR: string }> {
  return { TMPDIR: (await lab.sandbox.makeDirectory(host)).inside }
}

/** Has a daemon tell the counters of its only instance. */
export async function countersOf<Name extends string>(lab: Lab<Name>, host: Name, daemon: Daemon): Promise<Counters> {
  const directory = await lab.sandbox.makeDirectory(host)
  await lab.host(host).exec(['rm', '-f', `${directory.inside}/keepalived.json`])
  await lab.host(host).exec(['sh', '-c', `kill -${DUMP_JSON} ${daemon.process.pid}`])
  const text = await waitFor(`${daemon.label} writes its state`, async () => {
    const written = await readFile(`${directory.outside}/keepalived.json`, 'utf8').catch(() => '')
    // keepalived writes it where it is read: a part of it may end as the whole does.
    return isJson(written) && written
  })
  const [instance] = JSON.parse(text) as { stats: Record<string, number> }[]
  const stats = instance?.stats ?? {}
  const refused = REFUSALS.filter((counter) => stats[counter] !== 0).map((counter) => [counter, stats[counter] ?? Number.NaN])
  return {
    received: stats['advert_rcvd'] ?? 0,
    sent: stats['advert_sent'] ?? 0,
    refused: Object.fromEntries(refused) as Record<string, number>,
  }
}

/** Whether a text is JSON as a whole. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
