/** Reloads of the whole program, beside what keepalived does. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon, type Daemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const ADDRESS = '192.0.2.200'
const OTHER = '192.0.2.201'
const INSTANCE: InstanceConf = {
  vrid: 51,
  priority: 255,
  version: 3,
  advertInt: 0.1,
  addresses: [`${ADDRESS}/24`],
  extra: ['state MASTER'],
}

/** A configuration with settings of `global_defs`. */
function conf(settings: readonly string[], addresses: readonly string[] = INSTANCE.addresses): string {
  const text = keepalivedConf({ ...INSTANCE, addresses }).replace('  state BACKUP\n', '')
  return text.replace('global_defs {', `global_defs {\n${settings.map((line) => `  ${line}\n`).join('')}`)
}

interface Place {
  readonly inside: string
  readonly outside: string
  readonly daemon: Daemon
}

async function start(lab: Lab<'a'>, settings: (directory: string) => readonly string[]): Promise<Place> {
  const directory = await lab.sandbox.makeDirectory('a')
  const daemon = await startDaemon(lab, 'a', 'ka-native', conf(settings(directory.inside)), { env: { TMPDIR: directory.inside } })
  await daemon.process.waitForLine(/Startup complete/)
  await lab.waitForHolders(ADDRESS, 'a')
  return { ...directory, daemon }
}

/** How often the log has a sentence. */
function count({ daemon }: Place, sentence: RegExp): number {
  return daemon.process.lines('stdout').filter((line) => sentence.test(line)).length
}

serialLabTest(
  'what a reload cannot change keeps the former configuration, and so does a file that is gone',
  inLab(['a'], async (t, lab) => {
    const place = await start(lab, () => [])
    const { daemon, outside } = place
    await daemon.reload(conf(['nftables other'], [`${OTHER}/24`]))
    await daemon.process.waitForLine(/Cannot change nftables table name at a reload - please restart ka-native/)
    await waitFor('the reload is over', () => count(place, /reload refused, the former configuration stays/) === 1)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    await rm(`${outside}/keepalived.conf`)
    await daemon.process.signal('SIGHUP')
    await daemon.process.waitForLine(/Config files missing '.*\/keepalived.conf'\./)
    await daemon.process.waitForLine(/Failed to open configuration file/)
    await waitFor('the reload is over', () => count(place, /reload refused, the former configuration stays/) === 2)
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    await daemon.reload(conf([], [`${OTHER}/24`]))
    await lab.waitForHolders(OTHER, 'a')
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'reload_check_config refuses what a test refuses, and applies what it accepts',
  inLab(['a'], async (t, lab) => {
    const settings = (directory: string): string[] => [`reload_check_config ${directory}/check.log`]
    const place = await start(lab, settings)
    const { daemon, inside, outside } = place
    // A start without the option would go on with it.
    await daemon.reload(conf([...settings(inside), 'no_such_keyword'], [`${OTHER}/24`]))
    await daemon.process.waitForLine(new RegExp(`New config failed validation, see ${inside}/check.log for details`))
    t.deepEqual(await lab.holders(ADDRESS), ['a'])
    t.is(count(place, /Reloading \.\.\./), 0)
    t.regex(await readFile(`${outside}/check.log`, 'utf8'), /no_such_keyword/)
    await daemon.reload(conf(settings(inside), [`${OTHER}/24`]))
    await lab.waitForHolders(OTHER, 'a')
    await daemon.process.waitForLine(/Reload complete/)
    t.is(await readFile(`${outside}/check.log`, 'utf8'), '')
    const told = daemon.process.lines('stdout').filter((line) => /validate conf before Reload|Reloading \.\.\.|Reload complete/.test(line))
    t.is(told.length, 4, 'validated twice, and reloaded once')
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)

serialLabTest(
  'a reload comes at the time that a file says, and config_save_dir tells what it was about',
  inLab(['a'], async (t, lab) => {
    const settings = (directory: string): string[] => [
      `reload_time_file ${directory}/time`,
      `config_save_dir ${directory}/saved`,
      'json_version 2',
    ]
    const { daemon, inside, outside } = await start(lab, settings)
    await writeFile(`${outside}/keepalived.conf`, conf(settings(inside), [`${OTHER}/24`]))
    // On a busy machine it may be over before the file is read.
    for (const seconds of [3, 10, 30]) {
      const at = await lab.host('a').exec(['date', '-d', `+${seconds} seconds`, '+%F %T'])
      await writeFile(`${outside}/time`, at)
      const [, isPast] = await daemon.process.waitForLine(
        new RegExp(`Scheduling reload for ${at.trim()}|Reload time ${at.trim()} (is in the past)`),
      )
      if (isPast === undefined) break
    }
    await lab.waitForHolders(OTHER, 'a')
    await daemon.process.waitForLine(/Reload complete/)
    const names = await waitFor('the file is done with', async () => {
      const files = await readdir(outside)
      return !files.includes('time') && (await readdir(`${outside}/saved`))
    })
    const { pid } = daemon.process
    t.deepEqual(names.toSorted(), [
      `keepalived.conf.${pid}.0`,
      `keepalived.conf.${pid}.1`,
      `keepalived_vrrp.${pid}.1.post`,
      `keepalived_vrrp.${pid}.1.pre`,
    ])
    const saved = async (name: string): Promise<string> => await readFile(`${outside}/saved/${name}`, 'utf8')
    t.regex(await saved(`keepalived.conf.${pid}.0`), /^# \/.*\/keepalived.conf\n[\s\S]*\n {8}192\.0\.2\.200\/24\n/)
    t.regex(await saved(`keepalived.conf.${pid}.1`), /\n {8}192\.0\.2\.201\/24\n/)
    t.regex(await saved(`keepalived_vrrp.${pid}.1.pre`), /\n {5}192\.0\.2\.200\/24 dev eth0 scope global set\n/)
    t.regex(await saved(`keepalived_vrrp.${pid}.1.post`), /\n {5}192\.0\.2\.201\/24 dev eth0 scope global/)
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
  }),
)
