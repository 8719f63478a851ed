import { readFile } from 'node:fs/promises'
import { createSecureContext, rootCertificates } from 'node:tls'
import type { SecureContext } from 'node:tls'

/** Where distributions keep the certificates of the authorities that the machine trusts. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Alpine, Arch
  '/etc/pki/tls/certs/ca-bundle.crt', // Red Hat
  '/etc/ssl/ca-bundle.pem', // SUSE
]

const loaded: { context?: Promise<SecureContext> } = {}

/**
 * The authorities that servers are judged by: those of the machine (the file of SSL_CERT_FILE, else of the distribution) and of
 * NODE_EXTRA_CA_CERTS; those that Node brings where the machine has none. They are read once.
 */
export async function authorities(): Promise<SecureContext> {
  loaded.context ??= load()
  return await loaded.context
}

async function load(): Promise<SecureContext> {
  const named = process.env['SSL_CERT_FILE']
  const own = await Promise.all((named === undefined ? BUNDLES : [named]).map(textOf))
  const extra = await textOf(process.env['NODE_EXTRA_CA_CERTS'])
  const trusted = own.find((text) => text !== '')
  return createSecureContext({ ca: [...(trusted === undefined ? rootCertificates : [trusted]), ...(extra === '' ? [] : [extra])] })
}

async function textOf(file: string | undefined): Promise<string> {
  return file === undefined || file === '' ? '' : await readFile(file, 'utf8').catch(() => '')
}
