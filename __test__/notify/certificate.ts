import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** A key and a certificate for `localhost`. */
export interface Certificate {
  readonly key: string
  readonly cert: string
  /** Where the certificate is. */
  readonly file: string
  /**
   * In place of /etc/hosts: `localhost` is 127.0.0.1 alone. Of several addresses Node gives each but the last a quarter of a second, for
   * which a busy process may not get to see that it is connected.
   */
  readonly hostsFile: string
}

/** Makes a certificate that signed itself; its files go with this process. */
export function makeCertificate(): Certificate {
  const directory = mkdtempSync(`${tmpdir()}/ka-native-tls-`)
  process.on('exit', () => {
    rmSync(directory, { recursive: true })
  })
  const [keyFile, file, hostsFile] = [`${directory}/key.pem`, `${directory}/cert.pem`, `${directory}/hosts`]
  writeFileSync(hostsFile, '127.0.0.1 localhost\n')
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', keyFile, '-out', file], { stdio: 'ignore' })
  return { key: readFileSync(keyFile, 'latin1'), cert: readFileSync(file, 'latin1'), file, hostsFile }
}

/** Makes this process trust a certificate, from its first look at certificates. */
export function trust({ file }: Certificate): void {
  process.env['SSL_CERT_FILE'] = file
}
