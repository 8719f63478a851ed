/** Runs flapping.ts in a namespace in which it is everything but the kernel: director, real servers and whoever watches. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { ip, Namespace } from './network.ts'

const { name } = await Namespace.make('flapping')
await ip(['route add local 10.8.0.0/16 dev lo'], name)
const program = [process.execPath, '--expose-gc', ...process.execArgv, '__test__/lvs/guest/flapping.ts']
const child = spawn('ip', ['netns', 'exec', name, ...program], { stdio: ['ignore', 'inherit', 'inherit'] })
await once(child, 'exit')
process.exit(child.exitCode ?? 1)
