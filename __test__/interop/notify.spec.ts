/** Notifications of the real keepalived and of ours, for the same configuration and the same events. */
import { keepalivedConf, type InstanceConf } from '../lab/conf.ts'
import { startDaemon, type Daemon, type Implementation } from '../lab/daemon.ts'
import { encodeAdvertisement } from '../lab/frames.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { isList, Scenario, type Expected, type TwoRouters } from './notify-scenario.ts'

const IMPLEMENTATIONS: readonly Implementation[] = ['keepalived', 'ka-native']

const STATES = ['master', 'backup', 'fault', 'stop', 'master_rx_lower_pri'] as const

/** Seconds between two advertisements where another router is heard: so long that a busy machine delays none for three of them. */
const PATIENT_S = 2

function router(name: string, vrid: number, priority: number, extra: readonly string[] = [], advertInt = 0.2): InstanceConf {
  return { name, vrid, priority, version: 3, advertInt, addresses: [`192.0.2.${200 + vrid}/24`], extra }
}

/** An instance with all its scripts. */
function notified({ note }: Scenario, name: string, vrid: number, extra: readonly string[] = []): InstanceConf {
  const own = STATES.map((state) => `notify_${state} "${note} own ${name} ${state}"`)
  return router(name, vrid, 100, [...own, `notify "${note} general 'two words'"`, ...extra], PATIENT_S)
}

function conf({ fifo }: Scenario, globals: readonly string[], ...instances: readonly InstanceConf[]): string {
  const lines = ['script_user root', `vrrp_notify_fifo ${fifo}`, ...globals].map((line) => `  ${line}\n`).join('')
  return keepalivedConf(...instances).replace('global_defs {\n', `global_defs {\n${lines}`)
}

/** What each of these instances tells about a state. */
function entered(state: string, ...names: readonly string[]): { readonly fifo: string[]; readonly scripts: string[] } {
  return {
    fifo: names.map((name) => `INSTANCE "${name}" ${state} 100`),
    scripts: names.flatMap((name) => [`own ${name} ${state.toLowerCase()}`, `general two words INSTANCE ${name} ${state} 100`]),
  }
}

function both(...told: readonly { readonly fifo: readonly string[]; readonly scripts: readonly string[] }[]): {
  readonly fifo: string[]
  readonly scripts: string[]
} {
  return { fifo: told.flatMap(({ fifo }) => fifo), scripts: told.flatMap(({ scripts }) => scripts) }
}

const NOTHING = { fifo: [], scripts: [] }

/** Another router for the virtual router of `VI_1`. */
async function startOther(lab: TwoRouters, priority: number): Promise<Daemon> {
  return await startDaemon(lab, 'b', 'keepalived', keepalivedConf(router('VI_1', 1, priority, [], PATIENT_S)))
}

/** One advertisement for the virtual router of `VI_1`, of a priority below its. */
function lowerPriority(lab: TwoRouters): Buffer {
  const { mac, ipv4 } = lab.host('b')
  return encodeAdvertisement({
    sourceMac: mac,
    destinationMac: '01:00:5e:00:00:12',
    source: ipv4,
    destination: '224.0.0.18',
    ttl: 255,
    version: 3,
    type: 1,
    vrid: 1,
    priority: 50,
    addresses: ['192.0.2.201'],
    middle: PATIENT_S * 100,
    trailer: Buffer.alloc(0),
    checksumError: 0,
  })
}

for (const implementation of IMPLEMENTATIONS) {
  serialLabTest(
    `${implementation} tells scripts and a FIFO of every event of a life`,
    inLab(['a', 'b'], async (t, lab) => {
      const scenario = await Scenario.open(lab, implementation)
      const first = notified(scenario, 'VI_1', 1)
      const third = [`notify_deleted "${scenario.note} own VI_3 deleted"`]
      const all = [
        first,
        notified(scenario, 'VI_2', 2),
        notified(scenario, 'VI_3', 3, third),
        notified(scenario, 'VI_4', 4, ['notify_deleted']),
      ]
      const names = ['VI_1', 'VI_2', 'VI_3', 'VI_4']
      await scenario.start(conf(scenario, [], ...all))
      await scenario.expect(t, 'start', both(entered('BACKUP', ...names), entered('MASTER', ...names)))
      await lab.unplug('a')
      await scenario.expect(t, 'link down', entered('FAULT', ...names))
      await lab.plug('a')
      await scenario.expect(t, 'link up', both(entered('BACKUP', ...names), entered('MASTER', ...names)))

      const higher = await startOther(lab, 150)
      await scenario.expect(t, 'displaced', entered('BACKUP', 'VI_1'))
      await higher.terminate()
      await scenario.expect(t, 'taken over', entered('MASTER', 'VI_1'))

      await lab.inject('b', [lowerPriority(lab)], 0)
      await scenario.expect(t, 'an advertisement of lower priority', {
        fifo: ['INSTANCE "VI_1" MASTER_RX_LOWER_PRI 100'],
        scripts: ['own VI_1 master_rx_lower_pri'],
      })

      await scenario.reload(conf(scenario, [], ...all))
      await scenario.expect(t, 'reload without a change', NOTHING)
      const renamed = { ...all[2], name: 'NEW' } as InstanceConf
      await scenario.reload(conf(scenario, [], first, renamed, ...all.slice(3)))
      const gone = 'general two words INSTANCE VI_2 FAULT 100'
      await scenario.expect(t, 'reload that removes an instance and gives another one a new name', {
        fifo: ['INSTANCE "VI_2" FAULT 100'],
        // 2.2.7 does not run its own script of FAULT.
        scripts: { keepalived: [gone], 'ka-native': ['own VI_2 fault', gone] },
      })
      await scenario.reload(conf(scenario, [], first))
      await scenario.expect(t, 'reload that removes instances with notify_deleted', {
        fifo: ['INSTANCE "NEW" DELETED 100', 'INSTANCE "VI_4" DELETED 100'],
        scripts: ['own VI_3 deleted', 'general two words INSTANCE NEW DELETED 100', 'general two words INSTANCE VI_4 DELETED 100'],
      })
      t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
      await scenario.expect(t, 'stop', entered('STOP', 'VI_1'))
      t.deepEqual(await lab.sandbox.run(['test', '-e', scenario.fifo]).then(({ code }) => code), 1, 'the FIFO is removed')
    }),
  )

  serialLabTest(
    `${implementation} writes byte for byte into a FIFO what one instance goes through, and states again at a reload`,
    inLab(['a', 'b'], async (t, lab) => {
      const scenario = await Scenario.open(lab, implementation)
      await lab.unplug('a')
      const text = conf(scenario, ['fifo_write_vrrp_states_on_reload'], router('VI_1', 1, 100, [], PATIENT_S))
      const written: string[] = []
      const step = async (...states: readonly string[]): Promise<void> => {
        written.push(...states.map((state) => `INSTANCE "VI_1" ${state} 100`))
        t.deepEqual(await scenario.waitForLines('fifo', written.length), written)
      }
      await scenario.start(text)
      await step('FAULT')
      await scenario.reload(text)
      await step('FAULT')
      await lab.plug('a')
      await step('BACKUP', 'MASTER')
      await scenario.reload(text)
      const other = await startOther(lab, 150)
      await step('BACKUP')
      await scenario.reload(text)
      await step('BACKUP')
      await other.terminate()
      await step('MASTER')
      await lab.unplug('a')
      await step('FAULT')
      // In FAULT already, it has nothing to tell when it is removed.
      await scenario.reload(conf(scenario, [], router('VI_2', 2, 100)))
      written.push('INSTANCE "VI_2" FAULT 100')
      await step()
      t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
      written.push('INSTANCE "VI_2" STOP 100')
      await step()
    }),
  )

  serialLabTest(
    `${implementation} starts the reader of a FIFO with the path as last argument, and anew at a reload`,
    inLab(['a', 'b'], async (t, lab) => {
      const scenario = await Scenario.open(lab, implementation)
      // It has the FIFO open for writing too, and so never finds its end. What was written before it is told to end is kept all the same.
      const reader = await scenario.script(
        'reader',
        `#!/usr/bin/perl
my $ends = 0;
$SIG{TERM} = sub { $ends = 1 };
sub keep { my ($name, $text) = @_; open(my $file, '>>', "$DIR/$name"); syswrite($file, $text) }
open(my $fifo, '+<', $ARGV[-1]);
keep('life', "start @ARGV\\n");
while (1) {
  my $waits = !$ends;
  my ($readable, $text) = ('', '');
  vec($readable, fileno($fifo), 1) = 1;
  if (select($readable, undef, undef, $waits ? 0.1 : 0) > 0) { sysread($fifo, $text, 65536); keep('seen', $text) }
  elsif (!$waits) { last }
}
keep('life', "TERM\\n");
`,
      )
      const common = `${scenario.directory}/common.pipe`
      const globals = [`notify_fifo ${common}`, `notify_fifo_script "${reader} one 'two words'"`]
      const text = conf(scenario, globals, router('VI_1', 1, 100))
      await scenario.start(text)
      const started = `start one two words ${common}`
      t.deepEqual(await scenario.waitForLines('seen', 2), ['INSTANCE "VI_1" BACKUP 100', 'INSTANCE "VI_1" MASTER 100'])
      t.deepEqual(await scenario.lines('life'), [started])
      await scenario.reload(text)
      t.deepEqual((await scenario.waitForLines('life', 3)).toSorted(), ['TERM', started, started])
      t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
      t.deepEqual((await scenario.waitForLines('life', 4)).toSorted(), ['TERM', 'TERM', started, started])
      // 2.2.7 ends the reader before it writes STOP; which is first for the reader is a matter of luck.
      if (implementation === 'ka-native') t.deepEqual((await scenario.lines('seen')).slice(2), ['INSTANCE "VI_1" STOP 100'])
    }),
  )

  serialLabTest(
    `${implementation} makes a FIFO for its owner, keeps one that exists, and refuses a symbolic link`,
    inLab(['a', 'b'], async (t, lab) => {
      const scenario = await Scenario.open(lab, implementation)
      const { directory } = scenario
      await lab.sandbox.exec(['sh', '-c', `cd ${directory} && mkfifo -m 660 exists && mkfifo target && ln -s target link`])
      const look = async (name: string): Promise<string> =>
        (await lab.sandbox.run(['stat', '-c', '%F %a %U:%G', `${directory}/${name}`])).stdout.trim()
      const cases = [
        ['made', 'fifo 600 root:root', ''],
        ['owned nobody', 'fifo 600 nobody:nogroup', ''],
        ['grouped nobody daemon', 'fifo 600 nobody:daemon', ''],
        ['exists', 'fifo 660 root:root', 'fifo 660 root:root'],
        ['link', 'symbolic link 777 root:root', 'symbolic link 777 root:root'],
      ] as const
      for (const [line, while_, after] of cases) {
        const text = keepalivedConf(router('VI_1', 1, 100)).replace('{\n', `{\n  vrrp_notify_fifo ${directory}/${line}\n`)
        await scenario.start(text)
        await lab.waitForHolders('192.0.2.201', 'a')
        const [name = ''] = line.split(' ')
        // Its owner is looked up by another process.
        await waitFor(`the FIFO of '${line}' is '${while_}'`, async () => (await look(name)) === while_, {
          seen: async () => await look(name),
        })
        if (name === 'link') await scenario.daemon.process.waitForLine(/Unable to open vrrp_notify fifo .*\/link/)
        t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
        t.is(await look(name), after, `${line}, after the stop`)
      }
    }),
  )

  serialLabTest(
    `${implementation} drops lines for a FIFO that is full, and writes again when somebody has read it`,
    inLab(['a', 'b'], async (t, lab) => {
      const scenario = await Scenario.open(lab, implementation)
      const full = `${scenario.directory}/full`
      const fill = `mkfifo -m 600 ${full} && exec 3<> ${full} && head -c 65536 /dev/zero >&3 && echo filled && exec sleep 1000`
      const holder = await lab.sandbox.spawn(['bash', '-c', fill])
      await holder.waitForLine(/filled/)
      const text = conf(scenario, [`notify_fifo ${full}`], router('VI_1', 1, 100))
      const lines = (...states: readonly string[]): string[] => states.map((state) => `INSTANCE "VI_1" ${state} 100`)
      await scenario.start(text)
      t.deepEqual(await scenario.waitForLines('fifo', 2), lines('BACKUP', 'MASTER'))
      await lab.waitForHolders('192.0.2.201', 'a')
      await lab.sandbox.exec(['head', '-c', '65536', full])
      await lab.unplug('a')
      t.deepEqual((await scenario.waitForLines('fifo', 3)).slice(2), lines('FAULT'))
      if (implementation === 'ka-native') await scenario.daemon.process.waitForLine(/"lost":2,"msg":"2 lines for the FIFO were dropped"/)
      t.is(await lab.sandbox.exec(['head', '-n', '1', full]), `${lines('FAULT').join()}\n`)
      t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
    }),
  )

  serialLabTest(
    `${implementation} writes changes of priority into the FIFO alone, also in FAULT`,
    inLab(['a', 'b'], async (t, lab) => {
      const scenario = await Scenario.open(lab, implementation)
      const { directory, note } = scenario
      const check = await scenario.script('check', '#!/bin/sh\n[ ! -e $DIR/fails ]\n')
      // So long a limit that no run reaches it on a busy machine.
      const script = `vrrp_script check {\n  script ${check}\n  interval 1\n  timeout 60\n  weight 10\n}\n`
      // Master only after the first result.
      const instance = router('VI_1', 1, 100, ['track_script {', 'check', '}', `notify ${note}`], PATIENT_S)
      const text = conf(scenario, ['vrrp_notify_priority_changes'], instance).replace('\n}\n', `\n}\n${script}`)
      const told = async (step: string, lines: Expected, ...states: readonly string[]): Promise<void> => {
        await scenario.expect(t, step, { fifo: prefixed(lines), scripts: states.map((state) => `INSTANCE VI_1 ${state}`) })
      }
      await scenario.start(text)
      await told('start', ['BACKUP 100', 'BACKUP_PRIORITY 110', 'MASTER 110'], 'BACKUP 100', 'MASTER 110')
      await lab.sandbox.exec(['touch', `${directory}/fails`])
      await told('the script fails', ['MASTER_PRIORITY 100'])
      await lab.unplug('a')
      await told('link down', ['FAULT 100'], 'FAULT 100')
      await lab.sandbox.exec(['rm', `${directory}/fails`])
      await told('the script succeeds', ['BACKUP_PRIORITY 110'])
      await lab.plug('a')
      await told('link up', ['BACKUP 110', 'MASTER 110'], 'BACKUP 110', 'MASTER 110')
      await scenario.reload(text)
      // It begins with the configured priority again.
      await told('reload', { keepalived: ['BACKUP_PRIORITY 110'], 'ka-native': [] })
      t.deepEqual(await scenario.daemon.terminate(), { code: 0, signal: null })
      await told('stop', ['STOP 110'], 'STOP 110')
    }),
  )
}

/** Lines of `VI_1`. */
function prefixed(lines: Expected): Expected {
  const line = (text: string): string => `INSTANCE "VI_1" ${text}`
  if (isList(lines)) return lines.map(line)
  return { keepalived: lines.keepalived.map(line), 'ka-native': lines['ka-native'].map(line) }
}
