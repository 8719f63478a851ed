/** Mail relays and receivers of webhooks that do not answer, nor does anybody who knows where they are: nothing else waits for them. */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { keepalivedConf } from '../lab/conf.ts'
import { startDaemon } from '../lab/daemon.ts'
import { inLab, serialLabTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'

const NAME_SERVER = fileURLToPath(new URL('../notify/silent-name-server.ts', import.meta.url))
const LOADER = import.meta.resolve('@oxc-node/core/register')

/** More than Node has threads for what blocks. */
const INSTANCES = 20

function conf(last: string): string {
  const globals =
    'script_user root\n  state_dump_file /run/lab/a/\n  smtp_server relay.example.org\n  smtp_connect_timeout 300\n  notification_email {\n    ops@example.org\n  }\n  smtp_alert'
  const routers = Array.from({ length: INSTANCES }, (_, index) => ({
    vrid: index + 1,
    priority: 200,
    version: 3 as const,
    advertInt: 0.5,
    addresses: [`192.0.2.${100 + index}/24`, ...(index === 0 ? [last] : [])],
    ...(index === 1 ? { extra: ['notify "/run/lab/a/notify"'] } : {}),
  }))
  return keepalivedConf(...routers).replace('router_id lab', `router_id lab\n  ${globals}`)
}

/** Starts a name server that is silent, and makes it the one of this lab; by getaddrinfo(3) a question would take minutes. */
async function silenceNames(lab: Lab<'a'>): Promise<{ readonly asked: (name: string) => Promise<unknown> }> {
  const { inside, outside } = lab.sandbox.scratch
  await writeFile(`${outside}/resolv.conf`, 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n')
  await lab.sandbox.exec(['mount', '--bind', `${inside}/resolv.conf`, '/etc/resolv.conf'])
  const server = await lab.host('a').spawn([process.execPath, `--import=${LOADER}`, NAME_SERVER])
  await server.waitForLine(/^ready$/)
  return { asked: async (name) => await server.waitForLine(new RegExp(`^asked for ${name}$`)) }
}

serialLabTest(
  'a name server that does not answer keeps neither reloads, dumps and scripts nor the end waiting',
  inLab(['a'], async (t, lab) => {
    const { asked } = await silenceNames(lab)
    const { outside } = await lab.sandbox.makeDirectory('a')
    await writeFile(`${outside}/notify`, '#!/bin/sh\necho $3 >> /run/lab/a/told\n', { mode: 0o755 })
    const text = async (name: string): Promise<string> => await readFile(`${outside}/${name}`, 'utf8').catch(() => '')
    const hooks = ['--webhook', 'https://one.example.org/', '--webhook', 'http://two.example.org/']
    const daemon = await startDaemon(lab, 'a', 'ka-native', conf('192.0.2.201/24'), { args: hooks })
    await lab.waitForHolders('192.0.2.201', 'a')
    for (const name of ['relay', 'one', 'two']) await asked(`${name}.example.org`)

    await waitFor('the script is told', async () => (await text('told')) === 'BACKUP\nMASTER\n', { seen: async () => await text('told') })
    for (const address of ['192.0.2.202', '192.0.2.203']) {
      await daemon.reload(conf(`${address}/24`))
      await lab.waitForHolders(address, 'a')
      await daemon.process.signal('SIGUSR1')
      await waitFor('the state is dumped', async () => (await text('keepalived.data')).includes(address))
    }
    await lab.waitForHolders('192.0.2.201')
    t.deepEqual(await daemon.terminate(), { code: 0, signal: null })
    const lines = daemon.process.lines('stdout')
    t.true(lines.some((line) => line.includes('mail given up')))
    t.true(lines.some((line) => line.includes('webhook given up')))
  }),
)
