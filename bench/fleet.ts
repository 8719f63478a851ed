import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { batch, run, runIn, ROUTERS, type RouterName } from '../src/cli/demo/network.ts'
import type { AddressWatch } from './addresses.ts'

/** As many virtual routers as an interface of the benchmark carries; a VRID is one octet. */
const PER_INTERFACE = 250

/** A fleet is settled when it stayed as it was for this long. */
const STABLE_MS = 3_000

const PRIORITIES: Readonly<Record<RouterName, number>> = { 'router-a': 200, 'router-b': 100 }

/** The interfaces that carry a number of virtual routers. */
function interfaces(instances: number): number[] {
  return Array.from({ length: Math.ceil(instances / PER_INTERFACE) }, (_, index) => index)
}

/** Builds two routers with as many direct links between them as the instances need. */
export async function buildFleetNetwork(instances: number): Promise<void> {
  const [a, b] = ROUTERS
  for (const [index, name] of ROUTERS.entries()) {
    await run('ip', ['netns', 'add', name])
    await runIn(name, 'sh', ['-c', 'echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6'])
    if (index === 0) continue
    await batch(
      'ip',
      ['-netns', a, '-batch', '-'],
      interfaces(instances).map((link) => `link add name v${link} type veth peer name v${link} netns ${b}`),
    )
  }
  for (const [index, name] of ROUTERS.entries()) {
    const lines = interfaces(instances).flatMap((link) => [
      `address add 10.${link}.255.${index + 1}/16 dev v${link}`,
      `link set v${link} up`,
    ])
    await batch('ip', ['-netns', name, '-batch', '-'], ['link set lo up', ...lines])
  }
}

/** Takes the two routers and their links away. */
export async function removeFleetNetwork(): Promise<void> {
  for (const name of ROUTERS) await run('ip', ['netns', 'delete', name])
}

/**
 * The keepalived.conf of a router with a number of virtual routers, one address each, VRRPv3.
 *
 * @param groupSize so many of them, one after the other, are a sync group; 0: there is none
 */
export function fleetConfiguration(router: RouterName, instances: number, advertIntS: number, groupSize: number = 0): string {
  return groups(instances, groupSize) + virtualRouters(router, instances, advertIntS)
}

function groups(instances: number, groupSize: number): string {
  const count = groupSize === 0 ? 0 : Math.ceil(instances / groupSize)
  const members = Array.from({ length: instances }, (_, instance) => `        i${instance}\n`)
  return Array.from({ length: count }, (_, group) => {
    const own = members.slice(group * groupSize, (group + 1) * groupSize).join('')
    return `vrrp_sync_group g${group} {\n    group {\n${own}    }\n}\n`
  }).join('')
}

function virtualRouters(router: RouterName, instances: number, advertIntS: number): string {
  return Array.from({ length: instances }, (_, instance) => {
    const link = Math.floor(instance / PER_INTERFACE)
    const virtualRouterId = (instance % PER_INTERFACE) + 1
    return `vrrp_instance i${instance} {
    version 3
    interface v${link}
    virtual_router_id ${virtualRouterId}
    priority ${PRIORITIES[router]}
    advert_int ${advertIntS}
    virtual_ipaddress {
        10.${link}.0.${virtualRouterId}/32
    }
}
`
  }).join('')
}

/** Packets that a router's links have sent and received so far, by the kernel's counters. */
export function linkPackets(pid: number): { sent: number; received: number } {
  const rows = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .map((line) => /^\s*v\d+:(?<counters>.*)$/u.exec(line)?.groups?.['counters'])
    .filter((counters) => counters !== undefined)
    .map((counters) => counters.trim().split(/\s+/u).map(Number))
  const sum = (column: number): number => rows.reduce((total, row) => total + (row[column] ?? 0), 0)
  return { sent: sum(9), received: sum(1) }
}

/** When the fleet came to rest with every address on the preferred side alone; NaN when it did not in time. */
export async function settled(a: AddressWatch, b: AddressWatch, instances: number, deadline: number): Promise<number> {
  const isSettled = (): boolean => a.present.size === instances && b.present.size === 0
  const lastEventMs = (): number => Math.max(a.events.at(-1)?.atMs ?? 0, b.events.at(-1)?.atMs ?? 0)
  if (!(await until(() => isSettled() && Date.now() - lastEventMs() >= STABLE_MS, deadline))) return Number.NaN
  const [countA, countB] = [await a.count(), await b.count()]
  if (countA !== instances || countB !== 0) throw new Error(`the kernels have ${countA} and ${countB} addresses, which nobody reported`)
  return lastEventMs()
}

/** Waits until a condition holds; whether it did before the deadline. */
export async function until(condition: () => boolean, deadline: number): Promise<boolean> {
  while (!condition()) {
    if (Date.now() > deadline) return false
    await sleep(50)
  }
  return true
}
