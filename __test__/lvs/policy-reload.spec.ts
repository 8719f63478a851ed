/** What a reload keeps, and what it says of what it changes (lvs.md §3.2). */
import test from 'ava'
import { configOf, Scene, settle } from './scene.ts'
import { HandCheckers } from './hand-checkers.ts'

const V = '[10.0.1.1]:tcp:80'
const R1 = '[10.0.2.1]:tcp:80'
const R2 = '[10.0.2.2]:tcp:80'
const R3 = '[10.0.2.3]:tcp:80'

function server(address: string, more = '', checker = ''): string {
  return `real_server ${address} 80 {
    notify_up "/usr/bin/true up ${address}"
    notify_down "/usr/bin/true down ${address}"
    smtp_alert false
    ${more}
    TCP_CHECK {
      ${checker}
    }
  }`
}

function conf(servers: string, settings = '', globals = '', virtual = '10.0.1.1 80'): string {
  return `global_defs {
    script_user root
    ${globals}
  }
  virtual_server ${virtual} {
    protocol TCP
    lvs_sched rr
    lvs_method NAT
    quorum_up "/usr/bin/true quorum up"
    quorum_down "/usr/bin/true quorum down"
    ${settings}
    ${servers}
  }`
}

const TWO = `${server('10.0.2.1')}\n${server('10.0.2.2')}`

/** A scene in which what happened so far was seen. */
async function running(text: string, down: readonly string[] = []): Promise<Scene> {
  const scene = await Scene.start(text)
  for (const address of down) scene.say(address, false)
  scene.takeLines()
  scene.takeTold()
  return scene
}

test('what does not change is neither said nor told, and keeps its state', async (t) => {
  const text = conf(TWO, 'sorry_server 10.0.3.1 80\nquorum 2')
  const scene = await running(text, ['10.0.2.1'])
  const before = scene.table.rows
  const applied = scene.table.applied.length
  await scene.load(text)
  t.deepEqual(scene.takeLines(), [])
  t.deepEqual(scene.takeTold(), [])
  t.deepEqual(scene.table.rows, before)
  t.is(scene.table.applied.length, applied, 'nothing is asked of the kernel')
  scene.say('10.0.2.1', true)
  t.is(scene.takeTold()[0], `RS ${R1} ${V} UP | script up 10.0.2.1`)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1'])
})

test('what the kernel has of a process before this one and cannot be known is said', async (t) => {
  const scene = await running(conf(TWO))
  scene.table.report = { told: 'the record cannot be used' }
  await scene.load(conf(server('10.0.2.1')))
  t.true(scene.takeLines().includes('the record cannot be used'))
})

test('a service keeps its number, whatever comes before it', async (t) => {
  const scene = await running(conf(TWO))
  const other = conf(TWO, '', '', '10.0.1.0 80').replace(/global_defs \{[^}]*\}/, '')
  await scene.load(`${other}\n${conf(TWO)}`.replace(/^/, 'global_defs {\nscript_user root\n}\n'))
  const { services, kept } = scene.table.applied.at(-1) ?? { services: [], kept: [] }
  t.deepEqual(
    services.map(({ id, address }) => `${address} ${id}`),
    ['10.0.1.0 2'],
  )
  t.deepEqual(kept, [1])
})

/** Virtual servers without the global settings. */
const more = (servers: string, virtual: string, settings = ''): string =>
  conf(servers, settings, '', virtual).replace(/global_defs \{[^}]*\}/, '')

test('a virtual server that is configured as before is handed to nobody, and goes on', async (t) => {
  const other = '10.0.1.2 80'
  const scene = await running(`${conf(TWO)}\n${more(server('10.0.2.3'), other)}`)
  const prepared = await scene.lvs.prepare(configOf(`${conf(TWO)}\n${more(server('10.0.2.3', 'weight 7'), other)}`), scene.checkers)
  const kept = prepared.config.virtualServers[0]
  t.not(kept, undefined)
  await scene.lvs.commit(prepared)
  t.deepEqual(scene.takeLines(), ['Changing weight from 1 to 7 for active service [10.0.2.3]:tcp:80 of VS [10.0.1.2]:tcp:80'])
  const { services, kept: numbers } = scene.table.applied.at(-1) ?? { services: [], kept: [] }
  t.deepEqual([services.map(({ address }) => address), numbers], [['10.0.1.2'], [1]])
  // What operators and checkers say counts for it.
  scene.lvs.weigh({ server: '10.0.2.1' }, 4)
  scene.say('10.0.2.2', false)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=4', '10.0.1.2:80 > 10.0.2.3:80=7'])
  await scene.load(`${conf(TWO)}\n${more(server('10.0.2.3', 'weight 8'), other)}`)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=4', '10.0.1.2:80 > 10.0.2.3:80=8'])
  const again = await scene.lvs.prepare(configOf(`${conf(TWO)}\n${more(server('10.0.2.3'), other)}`), new HandCheckers(scene.checkers))
  t.is(again.config.virtualServers[0], kept, 'there is one in memory')
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 >', '10.0.1.2:80 > 10.0.2.3:80=8'])
  await scene.lvs.commit(again)
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 >', '10.0.1.2:80 > 10.0.2.3:80=1'])
})

test('a virtual server is what it was no more when others begin or cease to serve the same, or its group has other members', async (t) => {
  const sharing = (servers: string): string => `virtual_server_group G {\n10.0.1.1 80\n}\n${more(servers, 'group G')}`
  const scene = await running(`${conf(TWO)}\n${more(server('10.0.2.9'), '10.0.1.9 80')}`)
  await scene.load(`${conf(TWO)}\n${more(server('10.0.2.9'), '10.0.1.9 80')}\n${sharing(server('10.0.2.3'))}`)
  t.deepEqual(scene.table.rows.toSorted(), ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1 10.0.2.3:80=1', '10.0.1.9:80 > 10.0.2.9:80=1'])
  t.deepEqual(scene.table.applied.at(-1)?.kept, [2])
  await scene.load(`${conf(TWO)}\n${more(server('10.0.2.9'), '10.0.1.9 80')}`)
  t.deepEqual(scene.table.rows.toSorted(), ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1', '10.0.1.9:80 > 10.0.2.9:80=1'])
  const grouped = (members: string): string => `virtual_server_group G {\n${members}\n}\n${conf(TWO, '', '', 'group G')}`
  await scene.load(grouped('10.0.1.5 80'))
  await scene.load(grouped('10.0.1.6 80'))
  t.deepEqual(scene.table.rows.toSorted(), ['10.0.1.6:80 > 10.0.2.1:80=1 10.0.2.2:80=1'])
})

test('servers that are gone, new, heavier, lighter', async (t) => {
  const scene = await running(conf(TWO), [])
  await scene.load(conf(`${server('10.0.2.3')}\n${server('10.0.2.2', 'weight 5')}`))
  t.deepEqual(scene.takeLines(), [
    `service ${R1} no longer exist`,
    `Removing service ${R1} from VS ${V}`,
    `Changing weight from 1 to 5 for active service ${R2} of VS ${V}`,
  ])
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN | script down 10.0.2.1`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=5 10.0.2.3:80=1'])
  scene.say('10.0.2.2', false)
  scene.takeLines()
  await scene.load(conf(`${server('10.0.2.3')}\n${server('10.0.2.2', 'weight 7')}`))
  t.deepEqual(scene.takeLines(), [`Changing weight from 5 to 7 for inactive service ${R2} of VS ${V}`])
})

test('the weight that a script gives holds, whatever is configured', async (t) => {
  const scripted = (weight: number): string =>
    conf(`real_server 10.0.2.1 80 {\nweight ${weight}\nMISC_CHECK {\nmisc_path /usr/bin/true\nmisc_dynamic\n}\n}`)
  const scene = await running(scripted(2))
  scene.of('10.0.2.1')[0]?.weigh(8)
  scene.takeLines()
  await scene.load(scripted(5))
  t.deepEqual(scene.takeLines(), [])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=10'])
  scene.of('10.0.2.1')[0]?.weigh(0)
  t.deepEqual(scene.takeLines(), [`Changing weight from 10 to 5 for active service ${R1} of VS ${V}`])
})

test('thresholds, forwarding and schedulers are sent without a word', async (t) => {
  const scene = await running(conf(TWO))
  await scene.load(conf(`${server('10.0.2.1', 'uthreshold 10\nlthreshold 5')}\n${server('10.0.2.2')}`, 'lvs_sched wlc'))
  t.deepEqual(scene.takeLines(), [])
  const [service] = scene.table.applied.at(-1)?.services ?? []
  t.is(service?.scheduler, 'wlc')
  t.is(service?.destinations[0]?.upperThreshold, 10)
  t.is(service?.destinations[0]?.lowerThreshold, 5)
})

test('a lower threshold above the upper one is said, and not sent', async (t) => {
  const scene = await running(conf(TWO))
  await scene.load(conf(`${server('10.0.2.1', 'uthreshold 3\nlthreshold 5')}\n${server('10.0.2.2')}`))
  t.deepEqual(scene.takeLines(), [`lthreshold 5 of service ${R1} of VS ${V} is above its uthreshold: 3 is used`])
  t.is(scene.table.applied.at(-1)?.services[0]?.destinations[0]?.lowerThreshold, 3)
})

test('a server that is down stays down until its changed checker has looked', async (t) => {
  const scene = await running(conf(TWO), ['10.0.2.1'])
  await scene.load(conf(`${server('10.0.2.1', '', 'connect_port 81')}\n${server('10.0.2.2')}`))
  t.deepEqual(scene.takeLines(), [])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=1'])
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.takeTold(), [])
  scene.say('10.0.2.1', true)
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} UP | script up 10.0.2.1`])
})

test('a server whose failed checker is gone is up', async (t) => {
  const scene = await running(conf(TWO), ['10.0.2.1'])
  await scene.load(conf(`real_server 10.0.2.1 80 {\n}\n${server('10.0.2.2')}`))
  t.deepEqual(scene.takeLines(), [`Adding service ${R1} to VS ${V}`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1'])
})

test('an up server that becomes alpha stays up; a new one that is alpha waits', async (t) => {
  const scene = await running(conf(TWO))
  await scene.load(conf(`${server('10.0.2.1', 'alpha')}\n${server('10.0.2.3', 'alpha')}`))
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1'])
  scene.takeTold()
  scene.say('10.0.2.3', true)
  t.deepEqual(scene.takeTold(), [`RS ${R3} ${V} UP | script up 10.0.2.3`])
})

test('`inhibit_on_failure` of a server that is down comes and goes', async (t) => {
  const scene = await running(conf(TWO), ['10.0.2.1'])
  await scene.load(conf(TWO, 'inhibit_on_failure'))
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=0 10.0.2.2:80=1'])
  await scene.load(conf(TWO))
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=1'])
  t.deepEqual(scene.takeLines(), [])
})

test('another quorum counts at once', async (t) => {
  const scene = await running(conf(TWO), ['10.0.2.1'])
  await scene.load(conf(TWO, 'quorum 2'))
  t.deepEqual(scene.takeLines(), [`Starting with quorum down 2-0=2 > 1 for VS ${V}`])
  t.deepEqual(scene.takeTold(), [`VS ${V} DOWN | script quorum down`])
  await scene.load(conf(TWO))
  t.deepEqual(scene.takeLines(), [`Gained quorum 1+0=1 <= 1 for VS ${V}`])
  t.deepEqual(scene.takeTold(), [`VS ${V} UP | script quorum up`])
})

test('a sorry server is kept, replaced, and taken away', async (t) => {
  const scene = await running(conf(TWO, 'quorum 2\nsorry_server 10.0.3.1 80'), ['10.0.2.1'])
  await scene.load(conf(TWO, 'quorum 2\nsorry_server 10.0.3.2 80'))
  t.deepEqual(scene.takeLines(), [
    `Removing sorry server [10.0.3.1]:tcp:80 from VS ${V}`,
    `Starting with quorum down 2+0=2 > 1 for VS ${V}`,
    `Adding sorry server [10.0.3.2]:tcp:80 to VS ${V}`,
    `Removing alive servers from the pool for VS ${V}`,
  ])
  t.deepEqual(scene.takeTold(), [`VS ${V} DOWN | script quorum down`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.3.2:80=1'])
  await scene.load(conf(TWO, 'quorum 2'))
  t.deepEqual(scene.takeLines(), [`Removing sorry server [10.0.3.2]:tcp:80 from VS ${V}`, `Adding alive servers to the pool for VS ${V}`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=1'])
})

test('a virtual server that is gone tells it, with `lvs_flush_on_stop` too', async (t) => {
  for (const globals of ['', 'lvs_flush_on_stop', 'lvs_flush_on_stop VS']) {
    const scene = await running(conf(TWO, '', globals), ['10.0.2.1'])
    await scene.load(conf(TWO, '', globals, '10.0.1.2 80'))
    t.deepEqual(scene.takeLines(), [
      `Removing Virtual Server ${V}`,
      `Removing service ${R2} from VS ${V}`,
      'Gained quorum 1+0=1 <= 2 for VS [10.0.1.2]:tcp:80',
    ])
    t.deepEqual(scene.takeTold(), [
      `RS ${R2} ${V} DOWN | script down 10.0.2.2`,
      `VS ${V} DOWN | script quorum down`,
      'VS [10.0.1.2]:tcp:80 UP | script quorum up',
    ])
  }
})

test('verdicts that come while a reload is applied count for what it makes', async (t) => {
  const scene = await running(conf(TWO))
  const [kept, changed] = [scene.of('10.0.2.1')[0], scene.of('10.0.2.2')[0]]
  let finish = (): void => {}
  scene.table.applying = new Promise((resolve) => {
    finish = resolve
  })
  const loading = scene.load(conf(`${server('10.0.2.1')}\n${server('10.0.2.2', '', 'connect_port 81')}`))
  await settle()
  kept?.say(false)
  changed?.say(false)
  t.deepEqual(scene.takeTold(), [])
  finish()
  await loading
  scene.lvs.takeIpvsEvents()
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN | script down 10.0.2.1`], 'the other one is not asked any more')
})

test('a verdict that comes while a reload is made ready is not undone by it', async (t) => {
  const scene = await running(conf(TWO))
  const text = conf(`${server('10.0.2.1', '', 'connect_port 81')}\n${server('10.0.2.2')}`)
  const prepared = await scene.lvs.prepare(configOf(text), new HandCheckers())
  scene.say('10.0.2.1', false)
  scene.takeTold()
  await scene.lvs.commit(prepared)
  t.deepEqual(scene.takeTold(), [])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=1'])
})

test('a reload that the kernel does not take leaves everything as it is', async (t) => {
  const scene = await running(conf(TWO))
  scene.table.applying = Promise.reject(new Error('no room'))
  await t.throwsAsync(scene.load(conf(server('10.0.2.3'), 'omega')), { code: 'KA_ERR_ENGINE', message: /no room/ })
  t.deepEqual(scene.takeLines(), [])
  scene.say('10.0.2.1', false)
  t.deepEqual(scene.takeTold(), [`RS ${R1} ${V} DOWN | script down 10.0.2.1`])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.2:80=1'])
  scene.table.applying = Promise.resolve()
  await scene.load(conf(TWO))
  t.deepEqual(scene.takeLines().slice(1), [])
})

test('virtual servers that cannot be recorded are refused before anything of their configuration is in effect', async (t) => {
  const scene = await running(conf(TWO))
  const [applied, reserved] = [scene.table.applied.length, scene.table.reserved.length]
  await scene.load(conf(server('10.0.2.1')))
  t.is(scene.table.reserved.length, reserved, 'what is recorded already has room')
  scene.table.reserving = Promise.reject(new Error('no room'))
  const other = scene.load(conf(TWO, '', '', '10.0.1.2 80'))
  await t.throwsAsync(other, { code: 'KA_ERR_ENGINE', message: 'virtual servers: no room' })
  t.is(scene.table.applied.length, applied + 1)
  scene.table.reserving = Promise.resolve()
  await scene.load(conf(TWO, '', '', '10.0.1.2 80'))
  t.deepEqual(
    scene.table.reserved.at(-1)?.services.map(({ address, destinations }) => [address, destinations]),
    [['10.0.1.2', []]],
  )
})

test('why the kernel does not take a reload is known: a thread that ended is no failure of it', async (t) => {
  const scene = await running(conf(TWO))
  scene.table.applying = Promise.reject(Object.assign(new Error('the thread has been stopped'), { code: 'KA_ERR_STOPPED' }))
  await t.throwsAsync(scene.load(conf(server('10.0.2.3'))), { code: 'KA_ERR_STOPPED' })
})

test('what the thread says of a record that it cannot use is logged', async (t) => {
  const scene = new Scene()
  scene.table.report = { told: 'x.ipvs cannot be used: it is damaged' }
  await scene.load(conf(TWO))
  t.is(scene.lines[0], 'x.ipvs cannot be used: it is damaged')
})

test('a stop says which servers it shuts down, and tells it with `omega`', async (t) => {
  const scene = await running(conf(TWO, 'omega'), ['10.0.2.1'])
  await scene.lvs.stop()
  t.deepEqual(scene.takeLines(), [`Shutting down service ${R1} from VS ${V}`, `Shutting down service ${R2} from VS ${V}`])
  t.deepEqual(scene.takeTold(), [`RS ${R2} ${V} DOWN | script down 10.0.2.2`, `VS ${V} DOWN | script quorum down`])
  t.true(scene.table.isStopped)
  t.throws(() => scene.lvs.weigh({ server: '10.0.2.1' }, 1), { code: 'KA_ERR_STOPPED' })
})

test('a stop says which servers were there with weight 0', async (t) => {
  const scene = await running(conf(TWO, 'inhibit_on_failure'), ['10.0.2.1'])
  await scene.lvs.stop()
  t.deepEqual(scene.takeLines(), [`Shutting down (inhibited) service ${R1} from VS ${V}`, `Shutting down service ${R2} from VS ${V}`])
})

test('a group that is gone', async (t) => {
  const group = 'virtual_server_group G {\n10.0.1.7 80\n}\n'
  const scene = await running(`${group}${conf(TWO, '', '', 'group G')}`)
  await scene.load(conf(TWO))
  t.deepEqual(scene.takeLines().slice(0, 3), [
    'Removing Virtual Server Group [G]',
    `Removing service ${R1} from VS [G]:0`,
    `Removing service ${R2} from VS [G]:0`,
  ])
  t.deepEqual(scene.table.rows, ['10.0.1.1:80 > 10.0.2.1:80=1 10.0.2.2:80=1'])
})

test('a stop without `omega` tells nobody; with `lvs_flush_on_stop` nothing is said of real servers', async (t) => {
  const silent = await running(conf(TWO))
  await silent.lvs.stop()
  t.deepEqual(silent.takeTold(), [])
  const flushing = await running(conf(TWO, 'omega', 'lvs_flush_on_stop'))
  await flushing.lvs.stop()
  t.deepEqual(flushing.takeLines(), [])
  t.deepEqual(flushing.takeTold(), [`VS ${V} DOWN | script quorum down`])
  t.is(flushing.table.applied[0]?.flushOnStop, 'all')
  const left = await running(conf(TWO, 'omega'))
  await left.lvs.stop(false)
  t.deepEqual([left.takeLines(), left.takeTold()], [[], []])
})
