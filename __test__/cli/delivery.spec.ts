import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { Command, CommanderError } from 'commander'
import test from 'ava'
import type { ExecutionContext } from 'ava'
import { readDelivery, withDelivery } from '../../src/cli/delivery.ts'
import type { Delivery, DeliveryFlags } from '../../src/cli/delivery.ts'
import { KaError } from '../../src/errors.ts'

/** What a command line means to a daemon, or the sentence that refuses it. */
function meaning(...args: readonly string[]): Delivery | string {
  const command = withDelivery(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
  try {
    return readDelivery(command.parse(args, { from: 'user' }).opts<DeliveryFlags>())
  } catch (error) {
    if (error instanceof CommanderError) return error.message
    if (error instanceof KaError && error.code === 'KA_ERR_USAGE') return error.message
    throw error
  }
}

async function scratch(t: ExecutionContext): Promise<string> {
  const directory = await mkdtemp(`${tmpdir()}/ka-native-delivery-`)
  t.teardown(async () => {
    await rm(directory, { recursive: true })
  })
  return directory
}

async function secret(file: string, text: string, mode = 0o600): Promise<string> {
  await writeFile(file, text)
  await chmod(file, mode)
  return file
}

test('without options nothing is said', (t) => {
  t.deepEqual(meaning(), {})
})

test('credentials are a user and, after the first colon, a password', async (t) => {
  const directory = await scratch(t)
  const file = await secret(`${directory}/smtp`, 'me@example.org:pass:word \nmore\n', 0o640)
  t.deepEqual(meaning('--smtp-credentials', file), { smtp: { user: 'me@example.org', password: 'pass:word ' } })
  t.deepEqual(meaning('--smtp-credentials', file, '--smtp-tls', 'implicit'), {
    smtp: { tls: 'implicit', user: 'me@example.org', password: 'pass:word ' },
  })
  for (const text of ['nocolon', ':x', 'x:']) {
    t.is(meaning('--smtp-credentials', await secret(`${directory}/bad`, text)), `${directory}/bad has no USER:PASSWORD in its first line`)
  }
})

test('URLs that are secrets come from a file', async (t) => {
  const directory = await scratch(t)
  const file = await secret(`${directory}/urls`, 'https://a.example.org/T0/x\n\nhttps://b.example.org/y\r\n')
  const urls = ['https://a.example.org/T0/x', 'https://b.example.org/y'].map((url) => ({ url }))
  t.deepEqual(meaning('--webhook-file', file), { webhooks: urls })
  t.deepEqual(meaning('--webhook', 'https://c.example.org/', '--webhook-file', file), {
    webhooks: [{ url: 'https://c.example.org/' }, ...urls],
  })
  t.is(meaning('--webhook-file', await secret(`${directory}/none`, '\n')), `${directory}/none has no URL`)
  const open = await secret(`${directory}/open`, 'https://a.example.org/', 0o644)
  t.is(meaning('--webhook-file', open), `${open} holds a secret that others may read or change: chmod o= ${open}`)
})

test('several webhooks are signed with one secret', async (t) => {
  const directory = await scratch(t)
  const file = await secret(`${directory}/hook`, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\r\n')
  await symlink(file, `${directory}/link`)
  const urls = ['https://a.example.org/', 'https://b.example.org/']
  t.deepEqual(meaning('--webhook', urls[0] ?? '', '--webhook', urls[1] ?? '', '--webhook-secret-file', `${directory}/link`), {
    webhooks: urls.map((url) => ({ url, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' })),
  })
  t.is(meaning('--webhook-secret-file', file), '--webhook-secret-file is about --webhook')
})

test('a file that others may read, or that is none, is not read', async (t) => {
  const directory = await scratch(t)
  const open = await secret(`${directory}/open`, 'me:secret', 0o644)
  t.is(meaning('--smtp-credentials', open), `${open} holds a secret that others may read or change: chmod o= ${open}`)
  t.is(meaning('--smtp-credentials', directory), `${directory} is no file`)
  t.is(meaning('--smtp-credentials', `${directory}/none`), `${directory}/none cannot be read: ENOENT`)
  execFileSync('mkfifo', ['-m', '600', `${directory}/fifo`])
  t.is(meaning('--smtp-credentials', `${directory}/fifo`), `${directory}/fifo is no file`)
  t.is(meaning('--smtp-credentials', await secret(`${directory}/empty`, '')), `${directory}/empty has nothing in its first line`)
  t.is(meaning('--smtp-credentials', await secret(`${directory}/long`, 'x'.repeat(5_000))), `${directory}/long is too long for a secret`)
})

test('a mode that there is not', (t) => {
  t.regex(JSON.stringify(meaning('--smtp-tls', 'ssl')), /Allowed choices are none, starttls, implicit/)
})
