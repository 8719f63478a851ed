/** The MTU of an interface of this network namespace. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

const IP_LIMIT_MS = 1_000

/**
 * The MTU of an interface that exists, where it can be told.
 *
 * /proc/sys/net is always of the namespace of the process, but knows no interface without IPv6, such as one
 * whose MTU is below 1280; /sys shows the namespace it was mounted in, so its interface must be proven to
 * be ours; ip(8) may be missing.
 */
export function readMtu(name: string): number | undefined {
  return numberIn(`/proc/sys/net/ipv6/conf/${name}/mtu`) ?? mtuOfSys(name) ?? mtuOfIp(name)
}

function mtuOfSys(name: string): number | undefined {
  const directory = `/sys/class/net/${name}`
  const mac = networkInterfaces()[name]?.[0]?.mac
  if (mac === undefined || /^[0:]*$/.test(mac) || contentOf(`${directory}/address`) !== mac) return undefined
  return numberIn(`${directory}/mtu`)
}

function mtuOfIp(name: string): number | undefined {
  const options = { encoding: 'utf8', timeout: IP_LIMIT_MS, killSignal: 'SIGKILL' } as const
  const { status, stdout } = spawnSync('ip', ['-o', 'link', 'show', 'dev', name], options)
  const found = status === 0 ? / mtu (\d+) /.exec(stdout) : null
  return found === null ? undefined : Number(found[1])
}

function numberIn(file: string): number | undefined {
  const text = contentOf(file)
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    // Not there, or not for us to read: another source may say.
    return undefined
  }
}
