import test from 'ava'
import { KaError } from '../../src/errors.ts'
import { checkSmtp, checkWebhooks } from '../../src/notify/delivery-options.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

function sentenceOf(check: (value: unknown) => void, value: unknown): string {
  try {
    check(value)
    return 'good'
  } catch (error) {
    return error instanceof KaError && error.code === 'KA_ERR_USAGE' ? error.message : String(error)
  }
}

test('ways to speak to a mail relay', (t) => {
  for (const good of [{}, { tls: 'starttls' }, { user: 'a', password: 'b' }, { tls: 'implicit', user: 'a', password: 'b' }]) {
    t.is(sentenceOf(checkSmtp, good), 'good')
  }
  for (const [bad, sentence] of [
    ['starttls', 'smtp is an object: tls, user, password'],
    [{ TLS: 'none' }, 'smtp has no TLS'],
    [{ tls: 'ssl' }, 'smtp.tls is one of none, starttls, implicit'],
    [{ user: 'a' }, 'smtp.user and smtp.password go together'],
    [{ user: 'a', password: '' }, 'smtp.user and smtp.password are texts that are not empty'],
    [
      { tls: 'none', user: 'a', password: 'secret' },
      'smtp.password would go through the network in the clear: smtp.tls is to be starttls or implicit',
    ],
  ] as const) {
    t.is(sentenceOf(checkSmtp, bad), sentence)
  }
})

test('receivers of webhooks', (t) => {
  for (const good of [
    [],
    [{ url: 'https://hook.example.org/a?b' }, { url: 'http://[::1]:8080', secret: SECRET, timeoutMs: 100, states: ['MASTER'] }],
  ]) {
    t.is(sentenceOf(checkWebhooks, good), 'good')
  }
  const url = 'https://hook.example.org/'
  for (const [bad, sentence] of [
    [{}, 'webhooks is an array'],
    [['https://hook.example.org/'], 'a webhook is an object: url, secret, timeoutMs, states'],
    [[{ url, Secret: SECRET }], 'a webhook has no Secret'],
    [[{ url: 'hook.example.org' }], 'the URL of a webhook begins with http:// or https://'],
    [[{ url: 'file:///etc/passwd' }], 'the URL of a webhook begins with http:// or https://'],
    [[{ url: 'https://me:you@hook.example.org/' }], 'the URL of a webhook holds no user name or password: a secret signs its requests'],
    [[{ url, secret: 'short' }], 'the secret of a webhook is whsec_ and a key in base64, or the key itself: 24 to 64 octets'],
    [[{ url, timeoutMs: 99 }], 'timeoutMs of a webhook is a whole number from 100 to 300000'],
    [
      [{ url, states: ['MASTER', 'MASTER_PRIORITY'] }],
      'states of a webhook are some of MASTER, BACKUP, FAULT, STOP, DELETED, MASTER_RX_LOWER_PRI, UP, DOWN',
    ],
    [Array.from({ length: 17 }, () => ({ url })), 'there are at most 16 webhooks'],
  ] as const) {
    t.is(sentenceOf(checkWebhooks, bad), sentence)
  }
})
