/** A process that is stopped as a whole for a while, by SIGSTOP, a debugger or the freezer, and goes on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { keepalivedConf } from '../../lab/conf.ts'
import { startDaemon } from '../../lab/daemon.ts'
import { inLab, serialLabTest } from '../../lab/in-lab.ts'
import { V3_IPV4 } from '../../lab/protocols.ts'
import { ScriptedProgram } from '../../lab/scripted.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { ADDRESS, BECAME_MASTER, Patient, conf, linesOf, program, recorder, startObserver, vrrpScript, waitForLines } from './patient.ts'

const STOPPED_MS = 7_000
const INTERVAL_MS = 500

/** What a script may take that does nothing; less than the process stands still. */
const TIMEOUT_MS = 5_000
const STOPS = 4

/** Advertisements of the Master that a Backup hears when it goes on: had it been deaf to them, it would have taken over. */
const PATIENCE = 5

serialLabTest(
  'a Master that stood still goes on as Master: it changes no state, and runs its scripts at their pace',
  inLab(['a', 'b'], async (t, lab) => {
    const directory = await lab.sandbox.makeDirectory('scripts')
    const well = await ScriptedProgram.make(directory, 'well', [0])
    const notify = await recorder(lab, 'notify')
    const script = vrrpScript('well', well.path, `interval ${INTERVAL_MS / 1_000}`, `timeout ${TIMEOUT_MS / 1_000}`)
    const a = await Patient.start(lab, conf([], [`notify "${notify}"`, 'track_script {', 'well', '}'], [script]))
    await lab.waitForHolders(ADDRESS, 'a')
    await startObserver(lab)
    await waitForLines(lab, 'notify', BECAME_MASTER)

    await a.process.signal('SIGSTOP')
    await lab.waitForHolders(ADDRESS, 'a', 'b')
    await sleep(STOPPED_MS)
    const runs = await well.runs()
    const goneOnAt = performance.now()
    await a.process.signal('SIGCONT')
    await lab.waitForHolders(ADDRESS, 'a')

    const more = STOPPED_MS / INTERVAL_MS
    await waitFor('scripts run again', async () => (await well.runs()) >= runs + more)
    // One may have been due at once, and one have been counted late: what was missed would come all at once.
    t.true(performance.now() - goneOnAt >= (more - 3) * INTERVAL_MS, 'runs that were missed are left out')
    t.deepEqual(await linesOf(lab, 'notify'), BECAME_MASTER)
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'scripts that ended while the process stood still have missed no deadline, in whatever moment it was stopped',
  inLab(['a', 'b'], async (t, lab) => {
    // So many that it is often stopped while some of them are being started.
    const names = Array.from({ length: 16 }, (_, index) => `well${index}`)
    const path = await program(lab, 'well', '#!/bin/sh\n')
    const scripts = names.map((name) => vrrpScript(name, path, 'interval 0.1', `timeout ${TIMEOUT_MS / 1_000}`))
    const a = await Patient.start(lab, conf([], ['track_script {', ...names.map((name) => `${name} weight 1`), '}'], scripts))
    await lab.waitForHolders(ADDRESS, 'a')
    for (let count = 0; count < STOPS; count += 1) {
      await a.process.signal('SIGSTOP')
      await sleep(TIMEOUT_MS * 1.2)
      await a.process.signal('SIGCONT')
      // At another place of the interval each time, and so long that what ran has ended: a run gets its time back once.
      await sleep(TIMEOUT_MS + count * 25)
    }
    const said = a.records().map(({ msg }) => msg)
    t.deepEqual(said.filter((line) => line.startsWith('VRRP_Script(')).sort(), names.map((name) => `VRRP_Script(${name}) succeeded`).sort())
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a Backup that stood still hears its Master before it acts',
  inLab(['a', 'b'], async (t, lab) => {
    // So long an interval that a busy machine delays no Master for three of them. The Backup has it too: before it hears its Master it
    // waits for three of its own.
    const master = await startDaemon(lab, 'b', 'keepalived', keepalivedConf({ ...V3_IPV4.router, advertInt: 1, priority: 250 }))
    await lab.waitForHolders(ADDRESS, 'b')
    const capture = await lab.capture('b', 'ip proto 112')
    const notify = await recorder(lab, 'notify')
    const a = await Patient.start(lab, conf([], [`notify "${notify}"`]).replace(/advert_int .*/, 'advert_int 1'))
    await waitForLines(lab, 'notify', BECAME_MASTER.slice(0, 1))
    await a.process.signal('SIGSTOP')
    await sleep(STOPPED_MS)
    const heard = (await capture.advertisements()).length
    await a.process.signal('SIGCONT')
    await capture.waitFor('more advertisements', (packets) => packets.length >= heard + PATIENCE)
    t.true((await capture.advertisements()).every(({ source }) => source === lab.host('b').ipv4))
    t.deepEqual(await lab.holders(ADDRESS), ['b'])
    // It is no deaf one either.
    await master.terminate()
    await lab.waitForHolders(ADDRESS, 'a')
    await waitForLines(lab, 'notify', BECAME_MASTER)
    t.deepEqual(await a.terminate(), { code: 0, signal: null })
  }),
)
