import type { Condition, Place, Step } from './scenario.ts'
import type { Stage } from './stage.ts'
import type { Mood } from './servers.ts'

/** Servers of these numbers do something else from now on. */
export function become(mood: Mood, numbers: readonly number[], until: Condition): Step {
  return {
    name: `${numbers.join(' and ')} ${numbers.length === 1 ? 'is' : 'are'} ${mood}`,
    act: async (stage) => {
      for (const number of numbers) await stage.become(number, mood)
    },
    until,
  }
}

/** The server of this number refuses. */
export function down(number: number, until: Condition): Step {
  return become('refusing', [number], until)
}

/** The server of this number is good again. */
export function up(number: number, until: Condition): Step {
  return become('good', [number], until)
}

export function reload(what: string, conf: (place: Place) => string, until: Condition): Step {
  return { name: `a reload that ${what}`, act: async (stage) => stage.reload(conf), until }
}

export function write(file: string, text: string, until: Condition): Step {
  return { name: `${text} in ${file}`, act: (stage) => stage.write(file, text), until }
}

export function act(name: string, body: (stage: Stage) => Promise<void> | void, until: Condition): Step {
  return { name, act: body, until }
}

export function stop(until: Condition): Step {
  return { name: 'the stop', act: async (stage) => stage.stop(), until }
}
