/**
 * ka-native as a part of a program: starts it with the configuration file CONFIG_FILE and, at SIGUSR2, writes what its
 * engine measured of itself to DIRECTORY/engine.json.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDaemon } from '../src/index.ts'

const [configFile = '', directory = ''] = process.argv.slice(2)
const daemon = await startDaemon({ configFile, runtimeDir: directory })

process.on('SIGUSR2', () => {
  void daemon.status().then(({ engine }) => {
    // Renamed when complete: who waits for the file reads all of it.
    const file = join(directory, 'engine.json')
    writeFileSync(`${file}.new`, JSON.stringify(engine))
    renameSync(`${file}.new`, file)
  })
})
process.once('SIGTERM', () => void daemon.stop())
