import { makeCertificate, type Certificate } from '../../notify/certificate.ts'

const made: { certificate?: Certificate } = {}

/** The certificate of all servers with TLS; made when the first one asks. */
export function certificate(): Certificate {
  return (made.certificate ??= makeCertificate())
}
