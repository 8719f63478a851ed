/** Reloads of ka-native as a part of a program, in the guest of ipvs.ts. Arguments: services, servers of each, checkers. Prints figures as JSON. */
import { mkdirSync } from 'node:fs'
import { loadConfig, startDaemon, type Config } from '../src/index.ts'
import { poolConfiguration } from './ipvs-pool.ts'
import { quantile } from './statistics.ts'

const [services = 1_000, servers = 10, checkers = 37_000] = process.argv.slice(2).map(Number)

const TIMES = 5
const CHECKER = '    TCP_CHECK {\n      connect_timeout 3\n    }\n'

function parse(text: string): Config {
  return loadConfig({ file: 'keepalived.conf', text }).config
}

/** The median of reloads from one configuration to another and back. */
async function reloadMs(directory: string, one: Config, other: Config): Promise<number> {
  mkdirSync(directory, { recursive: true })
  const daemon = await startDaemon({ config: one, runtimeDir: directory, signals: false })
  const times: number[] = []
  for (let time = 0; time < TIMES; time++) {
    for (const config of [other, one]) {
      const startMs = performance.now()
      await daemon.reload(config)
      times.push(performance.now() - startMs)
    }
  }
  await daemon.stop()
  return quantile(times, 0.5)
}

const size = { services, servers }
const changed = poolConfiguration(size, { server: '10.8.0.1:80', weight: 7 })
const changeMs = await reloadMs('/run/library-change', parse(poolConfiguration(size)), parse(changed))
const many = poolConfiguration({ services, servers: Math.round(checkers / services) }, undefined, CHECKER)
const checkersMs = await reloadMs('/run/library-checkers', parse(many), parse(many))
process.stdout.write(`${JSON.stringify({ changeMs, checkersMs })}\n`)
process.exit()
