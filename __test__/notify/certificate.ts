import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** A key and a certificate for `localhost`. */
export interface Certificate {
  readonly key: string
  readonly cert: string
  /** Where the certificate is. */
  readonly file: string
}

/** Makes a certificate that signed itself; its files go with this process. */
export function makeCertificate(): Certificate {
  const directory = mkdtempSync(`${tmpdir()}/ka-native-tls-`)
  process.on('exit', () => {
    rmSync(directory, { recursive: true })
  })
  const [keyFile, file] = [`${directory}/key.pem`, `${directory}/cert.pem`]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', keyFile, '-out', file], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'latin1'), cert: readFileSync(file, 'latin1'), file }
}

/** Makes this process trust a certificate, from its first look at certificates. */
export function trust({ file }: Certificate): void {
  process.env['SSL_CERT_FILE'] = file
}
