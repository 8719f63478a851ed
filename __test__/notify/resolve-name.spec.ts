import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { lookupWith, resolveName } from '../../src/notify/resolve-name.ts'
import type { NameSource } from '../../src/notify/resolve-name.ts'
import { NameServer } from './name-server.ts'

const AMPLE_MS = 60_000

interface Setting {
  readonly source: NameSource
  readonly server: NameServer
}

/** A name server, and files of the machine. */
async function setUp(t: ExecutionContext, names: Record<string, string[]> | undefined, hosts = '', resolver = ''): Promise<Setting> {
  const server = await NameServer.listen(names)
  const directory = await mkdtemp(`${tmpdir()}/ka-native-names-`)
  t.teardown(async () => {
    await server.close()
    await rm(directory, { recursive: true })
  })
  const [hostsFile, resolverFile] = [`${directory}/hosts`, `${directory}/resolv.conf`]
  await writeFile(hostsFile, hosts)
  await writeFile(resolverFile, resolver)
  return { server, source: { servers: [server.address], hostsFile, resolverFile } }
}

const resolved = async (name: string, source: NameSource): Promise<string> =>
  (await resolveName(name, AMPLE_MS, source)).map(({ address, family }) => `${family} ${address}`).join(', ')

test('an address is its own', async (t) => {
  t.is(await resolved('192.0.2.1', {}), '4 192.0.2.1')
  t.is(await resolved('2001:db8::1', {}), '6 2001:db8::1')
})

test('a name has the addresses of both families, IPv6 first', async (t) => {
  const { source } = await setUp(t, { 'relay.example.org': ['192.0.2.1', '2001:db8::1', '192.0.2.2'], 'four.example.org': ['192.0.2.4'] })
  t.is(await resolved('relay.example.org', source), '6 2001:db8::1, 4 192.0.2.1, 4 192.0.2.2')
  t.is(await resolved('four.example.org', source), '4 192.0.2.4')
})

test('the hosts file comes first, and asks nobody', async (t) => {
  const { source, server } = await setUp(
    t,
    { relay: ['192.0.2.1'] },
    '# 192.0.2.8 relay\n192.0.2.9\tother Relay # the one\nnonsense relay\n',
  )
  t.is(await resolved('relay', source), '4 192.0.2.9')
  t.is(server.asked.size, 0)
})

test('a name without dots is searched for in the domains of the machine', async (t) => {
  const names = { 'relay.b.example': ['192.0.2.2'], 'x.y': ['192.0.2.3'], 'x.y.b.example': ['192.0.2.4'] }
  const { source, server } = await setUp(t, names, '', 'domain z.example\nsearch a.example b.example\n')
  t.is(await resolved('relay', source), '4 192.0.2.2')
  t.deepEqual([...server.asked], ['relay.a.example', 'relay.b.example'])
  t.is(await resolved('x.y', source), '4 192.0.2.3')
  await t.throwsAsync(resolveName('relay.', AMPLE_MS, source), { message: 'there is no address of relay.' })
})

test('ndots says how many dots make a name complete', async (t) => {
  const names = { 'x.y': ['192.0.2.3'], 'x.y.b.example': ['192.0.2.4'] }
  const { source } = await setUp(t, names, '', 'search b.example\noptions timeout:1 ndots:2\n')
  t.is(await resolved('x.y', source), '4 192.0.2.4')
})

test('localhost needs nobody who knows it', async (t) => {
  const { source } = await setUp(t, {})
  t.is(await resolved('localhost', source), '6 ::1, 4 127.0.0.1')
})

test('a server that does not answer is given up on, and leaves the threads of Node alone', async (t) => {
  const { source } = await setUp(t, undefined)
  const error = await t.throwsAsync(resolveName('host.example.org', 300, source))
  t.regex(error.message, /^no answer to the question for the address of host/)
  const aborts = Array.from({ length: 20 }, () => new AbortController())
  const questions = aborts.map(
    async ({ signal }, index) => await t.throwsAsync(resolveName(`host${index}.example.org`, AMPLE_MS, source, signal)),
  )
  // A thread pool that is full of questions would not get to it before they end.
  const served = await Promise.race([resolved('localhost', { ...source, hostsFile: '/etc/hosts' }), Promise.all(questions)])
  t.is(typeof served, 'string')
  for (const abort of aborts) abort.abort()
  await Promise.all(questions)
})

test('an abort ends a look-up', async (t) => {
  const { source } = await setUp(t, undefined)
  const abort = new AbortController()
  const asked = resolveName('relay.example.org', AMPLE_MS, source, abort.signal)
  setImmediate(() => {
    abort.abort()
  })
  await t.throwsAsync(asked, { message: 'given up' })
  await t.throwsAsync(resolveName('relay.example.org', AMPLE_MS, source, abort.signal), { message: 'given up' })
})

test('a socket finds its way by it', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { source } = await setUp(t, { 'relay.example.org': ['127.0.0.1'] })
  const { port } = listener.address() as AddressInfo
  for (const autoSelectFamily of [true, false]) {
    const socket = connect({ host: 'relay.example.org', port, autoSelectFamily, lookup: lookupWith(AMPLE_MS, source) })
    await once(socket, 'connect')
    socket.destroy()
  }
  const lost = connect({ host: 'nobody.example.org', port, lookup: lookupWith(AMPLE_MS, source) })
  const [error] = (await once(lost, 'error').catch((error: unknown) => [error])) as [Error]
  t.is(error.message, 'there is no address of nobody.example.org')
  listener.close()
})
