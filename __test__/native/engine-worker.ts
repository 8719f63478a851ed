/** A worker thread that owns a daemon, until it is terminated. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig, startDaemon } from '../../src/index.ts'

const { config } = loadConfig({ file: 'keepalived.conf', text: String(workerData) })
await startDaemon({ config })
parentPort?.postMessage('started')
