/**
 * The octets of the key that a secret stands for: those that follow `whsec_` in base64, else those of the text itself.
 *
 * @returns `undefined` for what is no key of 24 to 64 octets (Standard Webhooks: signature scheme)
 */
export function keyOf(secret: string): Buffer | undefined {
  const coded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  if (secret.startsWith('whsec_') && coded === undefined) return undefined
  const key = coded === undefined ? Buffer.from(secret) : Buffer.from(coded, 'base64')
  return key.length >= 24 && key.length <= 64 ? key : undefined
}
