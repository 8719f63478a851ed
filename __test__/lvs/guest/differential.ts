/**
 * Plays the scenarios in one guest, each with both subjects side by side and several at a time, and reports each by its name.
 *
 * Arguments: the subjects, separated by commas; a part of the names of the scenarios to play.
 */
import { writeFileSync } from 'node:fs'
import { installNoteScript } from './notes.ts'
import { report } from '../../lab/guest-report.ts'
import type { Scenario } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'
import { Slot, Stage } from './stage.ts'
import type { Implementation } from './subject.ts'

/** So many scenarios at a time: most of their time they wait. */
const AT_ONCE = 6

const [subjects = 'keepalived,ka-native', part = ''] = process.argv.slice(2)
const implementations = subjects.split(',') as Implementation[]

async function play({ scenario, number }: { scenario: Scenario; number: number }, slots: readonly Slot[]): Promise<void> {
  await report(scenario.name, async () => new Stage(scenario, number, slots).play())
}

installNoteScript()
writeFileSync('/run/lvs-exit-with', '#!/bin/busybox sh\nread -r status < "$1"\nexit "$status"\n', { mode: 0o755 })
await Slot.prepareNetwork()
const wanted = SCENARIOS.map((scenario, index) => ({ scenario, number: index + 1 })).filter(({ scenario }) => scenario.name.includes(part))
const waiting = wanted.filter(({ scenario }) => scenario.isAlone !== true)
const lanes: Slot[][] = []
for (let lane = 0; lane < Math.min(AT_ONCE, wanted.length); lane++) {
  const slots: Slot[] = []
  for (const implementation of implementations)
    slots.push(await Slot.make(implementation, 1 + lane * implementations.length + slots.length))
  lanes.push(slots)
}
await Promise.all(
  lanes.map(async (slots) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await play(next, slots)
    }
  }),
)
for (const one of wanted.filter(({ scenario }) => scenario.isAlone === true)) await play(one, lanes[0] ?? [])
process.exit()
