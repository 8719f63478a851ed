/** What SSL_GET offers in its handshakes: anything that a server may speak, and the certificate of the block `SSL`. */
import { constants } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { optional } from '../engine/optional.ts'
import type { Ssl } from '../config/model.ts'

/** A check looks whether a server answers, not whether it is safe: old versions and weak keys are taken. */
const ANY_SERVER: SecureContextOptions = {
  minVersion: 'TLSv1',
  maxVersion: 'TLSv1.3',
  ciphers: 'DEFAULT:@SECLEVEL=0',
  // OpenSSL 3 refuses servers without secure renegotiation otherwise.
  secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
}

/** A context, and what is wrong with the block where that is not in it. */
export interface TlsContext {
  readonly context: SecureContext
  readonly problem: string | undefined
}

/** Reads what the block names. Never rejects: without what cannot be used, a client has no certificate. */
export async function tlsContext(ssl: Ssl | undefined): Promise<TlsContext> {
  if (ssl === undefined) return { context: createSecureContext(ANY_SERVER), problem: undefined }
  try {
    const [ca, cert, key] = await Promise.all([read(ssl.ca), read(ssl.certificate), read(ssl.key)])
    const passphrase = ssl.password === undefined ? undefined : Buffer.from(ssl.password.reveal()).toString()
    const own = { ...optional('ca', ca), ...optional('cert', cert), ...optional('key', key), ...optional('passphrase', passphrase) }
    return { context: createSecureContext({ ...ANY_SERVER, ...own }), problem: undefined }
  } catch (error) {
    return { context: createSecureContext(ANY_SERVER), problem: error instanceof Error ? error.message : String(error) }
  }
}

async function read(path: string | undefined): Promise<Buffer | undefined> {
  return path === undefined ? undefined : await readFile(path)
}
