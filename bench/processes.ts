import { readdirSync, readFileSync } from 'node:fs'

/** CPU time that a process and its present children have used, all threads included. */
export interface CpuTime {
  readonly userMs: number
  readonly systemMs: number
}

/** Linux counts the CPU time of processes in hundredths of a second, whatever the kernel's own tick. */
const MS_PER_TICK = 10

/** Fields of /proc/PID/stat after the name of the program, which may hold blanks and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined // it has ended
  }
}

/** A process and all its descendants, the process first. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    const parent = /^\d+$/u.test(entry) ? statFields(Number(entry))?.[1] : undefined
    if (parent !== undefined) parents.set(Number(entry), Number(parent))
  }
  const tree = [root]
  for (const pid of tree) tree.push(...[...parents].filter(([, parent]) => parent === pid).map(([child]) => child))
  return tree
}

/**
 * Kills the processes of a tree, which have no chance to notice: the children go before the parent. Those that have
 * ended are let be.
 */
export function killTree(tree: readonly number[]): void {
  for (const pid of tree.toReversed()) {
    if (statFields(pid) !== undefined) process.kill(pid, 'SIGKILL')
  }
}

/** CPU time used so far by a process and its descendants. */
export function cpuTime(root: number): CpuTime {
  return cpuTimeOf(processTree(root))
}

/** CPU time used so far by these processes; not that of children that have ended. */
export function cpuTimeOf(pids: readonly number[]): CpuTime {
  const stats = pids.map((pid) => statFields(pid))
  const sum = (field: number): number => stats.reduce((total, stat) => total + Number(stat?.[field] ?? 0) * MS_PER_TICK, 0)
  return { userMs: sum(11), systemMs: sum(12) }
}

/** Resident memory of a process and its descendants, in bytes; what they share counts once (Pss). */
export function residentBytes(root: number): number {
  return processTree(root).reduce((total, pid) => {
    try {
      const kib = /^Pss:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
      return total + Number(kib ?? 0) * 1024
    } catch {
      return total // it has ended
    }
  }, 0)
}
