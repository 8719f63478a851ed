/** The log of `ka-native start`: nothing that becomes of it concerns the virtual routers. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Child, Exit } from '../lab/child.ts'
import { keepalivedConf } from '../lab/conf.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

const ADDRESS = '192.0.2.200'
const ROUTER = { vrid: 51, priority: 200, version: 3, advertInt: 0.1, addresses: [`${ADDRESS}/24`] } as const

/** Longer than it takes until JavaScript that does not answer counts as dead. */
const HEARTBEATS = 115

/** Writes a program that becomes the daemon; its path, and how to end the daemon. */
async function prepare(
  lab: Lab<'a'>,
  options = '',
  conf = keepalivedConf(ROUTER),
): Promise<{ path: string; terminate: () => Promise<void> }> {
  const { inside, outside } = await lab.sandbox.makeDirectory('a')
  await writeFile(`${outside}/keepalived.conf`, conf)
  const command = `${process.execPath} ${MAIN} start -f ${inside}/keepalived.conf --runtime-dir ${inside} ${options}`
  await writeFile(`${outside}/start`, `#!/bin/sh\necho $$ > ${inside}/pid\nexec ${command}\n`, { mode: 0o755 })
  return {
    path: `${inside}/start`,
    terminate: async () => {
      await lab.host('a').exec(['kill', '-TERM', (await readFile(`${outside}/pid`, 'utf8')).trim()])
    },
  }
}

interface Started {
  readonly child: Child
  /** Ends the daemon, and waits for its end. */
  readonly terminate: () => Promise<Exit>
}

/** Starts the daemon through a shell, with `redirection` behind the command, or in a terminal; Master when it returns. */
async function start(lab: Lab<'a'>, redirection: string | undefined, options = '', conf?: string, env = {}): Promise<Started> {
  const { path, terminate } = await prepare(lab, options, conf)
  const inTerminal = ['script', '--quiet', '--return', '--command', path, '/dev/null']
  const child = await lab.host('a').spawn(redirection === undefined ? inTerminal : ['sh', '-c', `${path} ${redirection}`], { env })
  await lab.waitForHolders(ADDRESS, 'a')
  return {
    child,
    terminate: async () => {
      await terminate()
      return await child.exited
    },
  }
}

/** Makes every instance say several lines. */
async function turn(lab: Lab<'a'>): Promise<void> {
  await lab.unplug('a')
  await lab.waitForHolders(ADDRESS)
  await lab.plug('a')
  await lab.waitForHolders(ADDRESS, 'a')
}

serialLabTest(
  'a log on a full disk ends nothing',
  inLab(['a'], async (t, lab) => {
    const capture = await lab.capture('a', 'ip proto 112')
    const { child, terminate } = await start(lab, '> /dev/full')
    await turn(lab)
    const heard = (await capture.packets()).length
    await capture.waitFor('advertisements for longer than a heartbeat', (packets) => packets.length > heard + HEARTBEATS)
    t.is(child.exit, undefined)
    t.deepEqual(await terminate(), { code: 0, signal: null })
    t.deepEqual(child.output, [])
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'a disk that has room again gets the log again, and how many lines it lost',
  inLab(['a'], async (t, lab) => {
    const disk = await lab.sandbox.makeDirectory('disk')
    await lab.sandbox.exec(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk.inside])
    const { terminate } = await start(lab, `>> ${disk.inside}/log`)
    await waitFor('the start is logged', async () => (await readFile(`${disk.outside}/log`, 'utf8')).includes('MASTER'))
    await t.throwsAsync(appendFile(`${disk.outside}/filler`, Buffer.alloc(1024 * 1024)), { code: 'ENOSPC' })
    // The file has the rest of its last page.
    for (let count = 0; count < 20; count += 1) await turn(lab)
    await rm(`${disk.outside}/filler`)
    const text = await waitFor(
      'the loss is logged',
      async () => {
        const log = await readFile(`${disk.outside}/log`, 'utf8')
        return /lines of the log were lost: ENOSPC"}$/m.test(log) && log
      },
      { seen: async () => (await readFile(`${disk.outside}/log`, 'utf8')).slice(-500) },
    )
    t.true(Number(/(\d+) lines of the log were lost/.exec(text)?.[1]) > 0)
    t.deepEqual(await terminate(), { code: 0, signal: null })
    t.regex(await readFile(`${disk.outside}/log`, 'utf8'), /"msg":"Stopped ka-native v[^"]+"}\n$/)
  }),
)

serialLabTest(
  'a terminal that is stopped ends nothing, and does not hold up the stop',
  inLab(['a'], async (t, lab) => {
    const capture = await lab.capture('a', 'ip proto 112')
    const { child, terminate } = await start(lab, undefined)
    await child.waitForLine(/Entering MASTER STATE/)
    child.stdin.write('\x13') // Ctrl-S
    await waitFor('the terminal is stopped', async () => {
      const { inside } = await lab.sandbox.makeDirectory('a')
      const write = `exec dd if=/dev/zero of=$(readlink /proc/$(cat ${inside}/pid)/fd/1) bs=1 count=1 oflag=nonblock,append conv=notrunc`
      const { stderr } = await lab.host('a').run(['sh', '-c', write])
      return stderr.includes('Resource temporarily unavailable')
    })
    await turn(lab)
    const heard = (await capture.packets()).length
    await capture.waitFor('advertisements for longer than a heartbeat', (packets) => packets.length > heard + HEARTBEATS)
    t.false(
      child.lines('stdout').some((line) => line.includes('FAULT')),
      'it is stopped',
    )
    t.deepEqual(await terminate(), { code: 0, signal: null })
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'a terminal that hung up ends nothing, and the stop is still an orderly one',
  inLab(['a'], async (t, lab) => {
    const { outside, inside } = await lab.sandbox.makeDirectory('a')
    const { path, terminate } = await prepare(lab)
    // The shell, which leads the session, is to see how the daemon ends.
    const command = `trap '' HUP; ${path}; echo $? > ${inside}/status`
    const terminal = await lab.host('a').spawn(['script', '--quiet', '--command', command, '/dev/null'])
    await lab.waitForHolders(ADDRESS, 'a')
    await terminal.waitForLine(/Entering MASTER STATE/)
    await terminal.signal('SIGKILL')
    await terminal.exited
    await turn(lab)
    await terminate()
    const status = async (): Promise<string> => await readFile(`${outside}/status`, 'utf8').catch(() => '')
    t.is(await waitFor('the daemon has ended', async () => (await status()).trim() || undefined), '0')
    t.deepEqual(await lab.holders(ADDRESS), [])
  }),
)

serialLabTest(
  'lines are in order to the last one: in a file and in a pipe',
  inLab(['a'], async (t, lab) => {
    const { outside, inside } = await lab.sandbox.makeDirectory('a')
    const routers = Array.from({ length: 250 }, (_, index) => ({ ...ROUTER, vrid: index + 1, addresses: [`198.51.100.${index + 1}/32`] }))
    const conf = keepalivedConf({ ...ROUTER, vrid: 255 }, ...routers)
    for (const redirection of [`> ${inside}/log`, '| cat']) {
      const { child, terminate } = await start(lab, redirection, '', conf)
      await lab.waitForHolders('198.51.100.250', 'a')
      t.is((await terminate()).code, 0)
      const log = redirection === '| cat' ? child.lines('stdout') : (await readFile(`${outside}/log`, 'utf8')).split('\n').slice(0, -1)
      const records = log.map((line) => JSON.parse(line) as { time: number; msg: string })
      t.regex(records.at(-1)?.msg ?? '', /^Stopped ka-native v/)
      t.is(records.filter(({ msg }) => /^\(VI_\d+\) Stopped$/.test(msg)).length, 251)
      t.true(records.every(({ time }, index) => time >= (records[index - 1]?.time ?? 0)))
    }
  }),
)

serialLabTest(
  'the pretty log is one line for each event; colours only on a terminal, and not with NO_COLOR',
  inLab(['a'], async (t, lab) => {
    const conf = `${keepalivedConf(ROUTER)}bfd_instance B {\n  neighbor_ip 192.0.2.9\n}\n`
    const isColoured = (lines: readonly string[]): boolean => lines.some((line) => line.includes('\x1b['))
    const piped = await start(lab, '', '--log-format pretty', conf)
    await piped.child.waitForLine(/MASTER/)
    await piped.terminate()
    const lines = piped.child.lines('stdout')
    t.false(isColoured(lines))
    for (const line of lines) t.regex(line, /^\[\d\d:\d\d:\d\d\.\d{3}\] (?:INFO|WARN|ERROR): /)
    const master = lines.find((line) => line.includes('MASTER')) ?? ''
    t.regex(master, /: \(VI_51\) Entering MASTER STATE$/)
    t.true(
      lines.some((line) => line.includes('bfd_instance') && line.includes('"line":')),
      'what is not said in words is shown',
    )

    const coloured = await start(lab, undefined, '', conf)
    await coloured.child.waitForLine(/Entering MASTER STATE/)
    await coloured.terminate()
    t.true(isColoured(coloured.child.lines('stdout')))
    const plain = await start(lab, undefined, '', conf, { NO_COLOR: '1' })
    await plain.child.waitForLine(/Entering MASTER STATE/)
    await plain.terminate()
    t.false(isColoured(plain.child.lines('stdout')))
  }),
)
