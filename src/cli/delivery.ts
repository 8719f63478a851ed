import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { KaError } from '../errors.ts'
import { TLS_MODES } from '../notify/delivery-options.ts'
import type { SmtpSecurity } from '../notify/smtp.ts'
import type { WebhookOptions } from '../notify/webhook.ts'

/** Permission bits of people who are neither the owner nor of the group. */
const OTHERS = 0o007

/** A file of a secret is no longer. */
const MAX_SECRET_OCTETS = 4_096

/** Options of the command line about mail and webhooks. */
export interface DeliveryFlags {
  readonly smtpTls?: NonNullable<SmtpSecurity['tls']>
  readonly smtpCredentials?: string
  readonly webhook?: readonly string[]
  readonly webhookFile?: string
  readonly webhookSecretFile?: string
}

/** What they mean to a daemon. */
export interface Delivery {
  readonly smtp?: SmtpSecurity
  readonly webhooks?: readonly WebhookOptions[]
}

/** Adds the options. Secrets are in files: a command line is shown to everybody. */
export function withDelivery(command: Command): Command {
  return command
    .addOption(new Option('--smtp-tls <mode>', 'how the connection to smtp_server is protected').choices(TLS_MODES))
    .option('--smtp-credentials <file>', 'file with USER:PASSWORD for smtp_server; others must not be able to read it')
    .addOption(new Option('--webhook <url>', 'post changes of state here; may be given again').argParser(collect))
    .option('--webhook-file <file>', 'file with further URLs, one a line, for those that are secrets; others must not be able to read it')
    .option('--webhook-secret-file <file>', 'file with the secret that signs webhooks; others must not be able to read it')
}

function collect(url: string, before: readonly string[] | undefined): readonly string[] {
  if (url === '') throw new InvalidArgumentError('It is a URL.')
  return [...(before ?? []), url]
}

/**
 * Reads the files that options name.
 *
 * @throws {KaError} `KA_ERR_USAGE` for one that cannot be used
 */
export function readDelivery({ smtpTls, smtpCredentials, webhook, webhookFile, webhookSecretFile }: DeliveryFlags): Delivery {
  const tls = smtpTls === undefined ? {} : { tls: smtpTls }
  const smtp = { ...tls, ...(smtpCredentials === undefined ? {} : credentials(smtpCredentials)) }
  const urls = [...(webhook ?? []), ...(webhookFile === undefined ? [] : readUrls(webhookFile))]
  if (webhookSecretFile !== undefined && urls.length === 0) throw usage('--webhook-secret-file is about --webhook')
  const secret = webhookSecretFile === undefined ? undefined : readSecret(webhookSecretFile)
  return {
    ...(smtpTls === undefined && smtpCredentials === undefined ? {} : { smtp }),
    ...(urls.length === 0 ? {} : { webhooks: urls.map((url) => (secret === undefined ? { url } : { url, secret })) }),
  }
}

function credentials(file: string): SmtpSecurity {
  const text = readSecret(file)
  const at = text.indexOf(':')
  if (at < 1 || at === text.length - 1) throw usage(`${file} has no USER:PASSWORD in its first line`)
  return { user: text.slice(0, at), password: text.slice(at + 1) }
}

/** The lines of a file that not everybody can read. */
function readUrls(file: string): string[] {
  const urls = readOwn(file)
    .split(/\r?\n/)
    .filter((line) => line !== '')
  if (urls.length === 0) throw usage(`${file} has no URL`)
  return urls
}

/** The first line of a file that not everybody can read. */
function readSecret(file: string): string {
  const text = readOwn(file)
  const line = text.split(/\r?\n/, 1)[0] ?? ''
  if (line === '') throw usage(`${file} has nothing in its first line`)
  return line
}

function readOwn(file: string): string {
  // The name may be that of a FIFO, which would never end.
  const fd = opened(file)
  try {
    const status = fstatSync(fd)
    if (!status.isFile()) throw usage(`${file} is no file`)
    if ((status.mode & OTHERS) !== 0) throw usage(`${file} holds a secret that others may read or change: chmod o= ${file}`)
    if (status.size > MAX_SECRET_OCTETS) throw usage(`${file} is too long for a secret`)
    const octets = Buffer.alloc(MAX_SECRET_OCTETS)
    return octets.toString('utf8', 0, readSync(fd, octets))
  } finally {
    closeSync(fd)
  }
}

function opened(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new KaError('KA_ERR_USAGE', `${file} cannot be read: ${reason}`, { cause })
  }
}

function usage(message: string): KaError {
  return new KaError('KA_ERR_USAGE', message)
}
