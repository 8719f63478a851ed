/** The example of two directors: without a mistake, and run in a guest kernel with the network of its page: see guest/director-pair.ts. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { renderText } from '../../src/config/diagnostics/render.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testHost } from '../config/fixtures.ts'
import { GuestReports, guestTest } from '../lab/guest.ts'

/** A limit for what is broken. */
const LIMIT_S = 1_500

for (const director of ['a', 'b']) {
  test(`the configuration of director ${director} is without a mistake`, (t) => {
    const text = readFileSync(fileURLToPath(new URL(`../../examples/director-pair/director-${director}.conf`, import.meta.url)), 'utf8')
    const { diagnostics } = loadConfig({ file: 'keepalived.conf', text, host: testHost(), lint: true })
    t.is(renderText(diagnostics), '')
  })
}

const guest: { reports?: GuestReports } = {}

/** What the guest saw of one part. */
async function seen(name: string): Promise<unknown> {
  guest.reports ??= GuestReports.start('__test__/lvs/guest/director-pair.ts', [], LIMIT_S)
  return guest.reports.value(name)
}

const PARTS = [
  ['the pair starts: a has both addresses, and both servers answer', 'start', ['web1', 'web2']],
  ['`ka-native lvs` says what there is', 'lvs', [[true, ['up', 'up']]]],
  ['a server in maintenance answers nobody', 'maintenance', ['web2']],
  ['nor does one that is drained', 'drain', { isDrained: true, answers: ['web2'] }],
  ['the sorry server answers while both servers are down', 'sorry', ['sorry']],
  ['both are back when they are up', 'recovery', ['web1', 'web2']],
  ['when a loses its power, b serves', 'failover', ['web1', 'web2']],
  ['a stop leaves nothing', 'stop', { holds: [], servers: [] }],
] as const

for (const [title, name, wanted] of PARTS) {
  guestTest(title, async (t) => {
    t.timeout(LIMIT_S * 1_000)
    t.deepEqual(await seen(name), wanted)
  })
}
