import type { Scenario } from './scenario.ts'
import { CHECKERS } from './scenarios/checkers.ts'
import { GROUPS } from './scenarios/groups.ts'
import { METHODS } from './scenarios/methods.ts'
import { RELOADS } from './scenarios/reloads.ts'
import { STATES } from './scenarios/states.ts'

/** All that both subjects are driven through. */
export const SCENARIOS: readonly Scenario[] = [...METHODS, ...GROUPS, ...STATES, ...CHECKERS, ...RELOADS]
