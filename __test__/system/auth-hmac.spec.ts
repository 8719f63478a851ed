import type { RejectedCounts } from '#native'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { keepalivedConf } from '../lab/conf.ts'
import { inLab, labTest } from '../lab/in-lab.ts'
import type { Lab } from '../lab/lab.ts'
import { SIGNED_PROTOCOLS, type Protocol } from '../lab/protocols.ts'
import { waitFor } from '../lab/wait-for.ts'
import { Router } from './router.ts'

const KEY = 'k7'.repeat(16)
const OTHER = 'k8'.repeat(32)

/** More advertisements than a Backup waits for. */
const PATIENCE = 6

const block = (...lines: readonly string[]): readonly string[] => ['auth_hmac {', ...lines.map((line) => `  ${line}`), '}']
const SIGNED = block(`key 7 ${KEY}`, 'active_key 7')

/** Seconds at least, as in version 2: so long that a busy machine delays no Master for three of them. */
const LEAST_ADVERT_INT = 1

function conf({ router }: Protocol, priority: number, extra: readonly string[]): string {
  return keepalivedConf({ ...router, advertInt: Math.max(router.advertInt, LEAST_ADVERT_INT), priority, extra })
}

/** What was rejected, and how often at least once. */
async function rejections(router: Router): Promise<readonly string[]> {
  const { rejected } = (await router.status()).statistics
  return Object.entries(rejected).flatMap(([reason, count]) => (count > 0 ? [reason] : []))
}

async function waitUntilRejected(router: Router, reason: keyof RejectedCounts): Promise<void> {
  const seen = async (): Promise<number> => (await router.status()).statistics.rejected[reason]
  await waitFor(`${reason} is counted`, async () => (await seen()) >= PATIENCE, { seen })
}

async function waitForMore(router: Router): Promise<void> {
  const heard = async (): Promise<number> => (await router.status()).statistics.advertisementsReceived
  const before = await heard()
  await waitFor('more advertisements', async () => (await heard()) >= before + PATIENCE, { seen: heard })
}

async function pair(
  lab: Lab<'a' | 'b'>,
  protocol: Protocol,
  master: readonly string[],
  backup: readonly string[],
): Promise<{ a: Router; b: Router }> {
  const a = await Router.start(lab.host('a'), conf(protocol, 200, master))
  await a.waitForState('MASTER')
  return { a, b: await Router.start(lab.host('b'), conf(protocol, 100, backup)) }
}

/** The Master became so once and stayed, the Backup never did, and neither rejected anything. */
async function assertUndisturbed(t: ExecutionContext, master: Router, backup: Router): Promise<void> {
  t.like((await master.status()).statistics, { becameMaster: 1, releasedMaster: 0 })
  t.like((await backup.status()).statistics, { becameMaster: 0, releasedMaster: 0 })
  t.deepEqual([await rejections(master), await rejections(backup)], [[], []])
}

async function stop(t: ExecutionContext, ...routers: readonly Router[]): Promise<void> {
  for (const router of routers) t.deepEqual(await router.stop(), { code: 0, signal: null })
}

for (const protocol of SIGNED_PROTOCOLS) {
  labTest(
    `${protocol.name}: another key, another identifier and no trailer are each rejected, counted and said`,
    inLab(['a', 'b'], async (t, lab) => {
      const { a, b } = await pair(lab, protocol, SIGNED, block(`key 7 ${OTHER}`, 'active_key 7'))
      await waitUntilRejected(b, 'signatureInvalid')
      t.deepEqual(await rejections(b), ['signatureInvalid'])
      // Each takes itself for the only one.
      await b.waitForState('MASTER')
      await waitUntilRejected(a, 'signatureInvalid')
      await a.reload(conf(protocol, 200, block(`key 9 ${OTHER}`, 'active_key 9')))
      await waitUntilRejected(b, 'signatureKeyUnknown')
      await a.reload(conf(protocol, 200, []))
      await waitUntilRejected(b, 'signatureMissing')
      // Who knows nothing of trailers takes such packets for too long.
      await waitUntilRejected(a, 'length')
      t.is((await b.status()).statistics.authenticationExtension.missing > 0, true)
      await stop(t, a, b)
    }),
  )

  labTest(
    `${protocol.name}: permissive and receive-only accept what is not signed, and a pair gets from nothing to signatures without losing its Master`,
    inLab(['a', 'b'], async (t, lab) => {
      const { a, b } = await pair(lab, protocol, [], [])
      await waitForMore(b)
      // Who does not sign yet must be able to read what is signed before anybody signs.
      const steps = ['receive-only', 'permissive', 'enforce'].map((mode) => block(`key 7 ${KEY}`, 'active_key 7', `mode ${mode}`))
      for (const step of steps) {
        for (const [router, priority] of [
          [b, 100],
          [a, 200],
        ] as const) {
          await router.reload(conf(protocol, priority, step))
          await waitForMore(b)
        }
      }
      await assertUndisturbed(t, a, b)
      await stop(t, a, b)
    }),
  )

  labTest(
    `${protocol.name}: a key is replaced by reloads, from a file, without a lost Master`,
    inLab(['a', 'b'], async (t, lab) => {
      const directory = mkdtempSync(join(tmpdir(), 'ka-native-keys-'))
      t.teardown(() => rmSync(directory, { recursive: true }))
      const file = join(directory, 'key')
      writeFileSync(file, `hex:${'5a'.repeat(48)}\n`, { mode: 0o600 })
      const [old, next] = [`key 7 ${KEY}`, `key 8 file:${file}`]
      const { a, b } = await pair(lab, protocol, SIGNED, SIGNED)
      await waitForMore(b)
      const steps = [block(old, next, 'active_key 7'), block(old, next, 'active_key 8'), block(next, 'active_key 8')]
      for (const step of steps) {
        for (const [router, priority] of [
          [a, 200],
          [b, 100],
        ] as const) {
          await router.reload(conf(protocol, priority, step))
          await waitForMore(b)
        }
      }
      await assertUndisturbed(t, a, b)
      // It is the new key that counts.
      await b.reload(conf(protocol, 100, SIGNED))
      await waitUntilRejected(b, 'signatureKeyUnknown')
      await stop(t, a, b)
    }),
  )
}
