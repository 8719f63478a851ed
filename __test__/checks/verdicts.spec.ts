/** What answers come to: retries, first verdicts, and who is told (lvs.md §2, §5). */
import test from 'ava'
import { Check, NOT_CHECKED } from '../../src/checks/check.ts'
import type { CheckTimes, Known } from '../../src/checks/check.ts'
import type { CheckerOwner } from '../../src/checks/checker.ts'
import { plansOf } from '../../src/checks/plans.ts'
import { ServerChecker } from '../../src/checks/server-checker.ts'
import { load, oneServer } from './harness.ts'

const [SERVICE] = load(oneServer('127.0.0.1 80', 'TCP_CHECK {\n }')).virtualServers
const [TCP_SERVER] = SERVICE?.realServers ?? []

const WORDS = {
  succeeded: (server: string) => `${server} is good`,
  failed: (server: string, _: string, retries: number) => `${server} is bad after ${retries}`,
  mailUp: 'up',
  mailDown: 'down',
}

const FAILURE = { reason: 'refused', told: (server: string, _: string, attempt: number) => `${server} attempt ${attempt}` }

/** A check whose answers come from the test. */
class Fed extends Check {
  weight = 0
  readonly #isCyclic: boolean
  isOpen = false

  constructor(times: Partial<CheckTimes>, known: Known = NOT_CHECKED, isCyclic = false) {
    const all = { retry: 2, delayBeforeRetryUs: 1, warmupUs: 0, delayLoopUs: 2, logAllFailures: false, ...times }
    super('TCP_CHECK', 'key', all, WORDS, known)
    this.#isCyclic = isCyclic
  }

  protected override get patience(): number {
    return this.#isCyclic ? this.times.retry : super.patience
  }

  protected override get failsAtOnce(): boolean {
    return !this.#isCyclic
  }

  protected open(): void {
    this.isOpen = true
  }

  protected close(): void {
    this.isOpen = false
  }

  protected override weightFor(): number {
    return this.weight
  }

  /** `+` is an answer, `-` a failure; what each failure came to, `retry` or `counts`. */
  feed(answers: string): readonly string[] {
    return answers.split('').flatMap((answer) => {
      if (answer === '-') return [this.fail(FAILURE) ? 'retry' : 'counts']
      this.reason = 'fine'
      this.unsettle()
      this.succeed()
      return []
    })
  }
}

interface Setting {
  readonly check: Fed
  readonly checker: ServerChecker
  /** What the owner was told, and the lines of the log, in their order. */
  readonly told: string[]
}

function attach(check: Fed, isUp = true, server = 'R'): Setting {
  const told: string[] = []
  const owner: CheckerOwner = {
    server,
    service: 'V',
    checked: (checker, mail) => told.push(`${checker.isUp ? 'UP' : 'DOWN'} ${mail} ${checker.weight}`),
    weighed: (checker) => told.push(`WEIGHT ${checker.weight}`),
  }
  const log = { info: (...words: readonly unknown[]): void => void told.push(String(words.at(-1))) }
  const [plan] = TCP_SERVER === undefined ? [] : plansOf(TCP_SERVER)
  if (plan === undefined) throw new Error('there is no checker')
  const checker = new ServerChecker({ check, owner, plan, configuredWeight: 1 }, isUp, log)
  check.subscribe(checker)
  return { check, checker, told }
}

const cases: readonly {
  readonly title: string
  readonly retry?: number
  readonly isUp?: boolean
  readonly isCyclic?: boolean
  readonly answers: string
  readonly failures: string
  readonly told: readonly string[]
}[] = [
  { title: 'the first answer is told', answers: '+++', failures: '', told: ['R is good', 'UP up 0'] },
  { title: 'before the first verdict one failure is enough', answers: '-', failures: 'counts', told: ['R is bad after 0', 'DOWN down 0'] },
  {
    title: 'retry 2 takes three failures in a row',
    answers: '+---',
    failures: 'retry retry counts',
    told: ['R is good', 'UP up 0', 'R is bad after 2', 'DOWN down 0'],
  },
  {
    title: 'an answer in between starts over',
    answers: '+--+--+',
    failures: 'retry retry retry retry',
    told: ['R is good', 'UP up 0'],
  },
  {
    title: 'while it is down, no failure is retried, and one answer is enough',
    answers: '----+',
    failures: 'counts counts counts counts',
    told: ['R is bad after 0', 'DOWN down 0', 'R is good', 'UP up 0'],
  },
  { title: 'retry 0', retry: 0, answers: '+-', failures: 'counts', told: ['R is good', 'UP up 0', 'R is bad after 0', 'DOWN down 0'] },
  {
    title: 'alpha: the first failure is a verdict, though nothing changes',
    isUp: false,
    answers: '--+',
    failures: 'counts counts',
    told: ['R is bad after 0', 'DOWN down 0', 'R is good', 'UP up 0'],
  },
  {
    title: 'retries at each cycle, also the first and while down',
    isCyclic: true,
    answers: '---+------+',
    failures: 'retry retry counts retry retry counts retry retry counts',
    told: ['R is bad after 2', 'DOWN down 0', 'R is good', 'UP up 0', 'R is bad after 2', 'DOWN down 0', 'R is good', 'UP up 0'],
  },
]

for (const { title, retry = 2, isUp, isCyclic, answers, failures, told } of cases) {
  test(title, (t) => {
    const setting = attach(new Fed({ retry }, NOT_CHECKED, isCyclic), isUp)
    t.is(setting.check.feed(answers).join(' '), failures)
    t.deepEqual(setting.told, told)
  })
}

test('each failure is told where that is wanted, while the server is up', (t) => {
  const { check, told } = attach(new Fed({ logAllFailures: true }))
  check.feed('+----')
  t.deepEqual(told.slice(2), ['R attempt 0', 'R attempt 1', 'R attempt 2', 'R is bad after 2', 'DOWN down 0'])
})

test('a weight that a success changes is told before the verdict, and one that a failure takes away is not', (t) => {
  const { check, told } = attach(new Fed({}))
  check.weight = 4
  check.feed('+')
  check.weight = 5
  check.feed('+---')
  check.feed('+')
  t.deepEqual(told, ['WEIGHT 4', 'R is good', 'UP up 4', 'WEIGHT 5', 'R is bad after 2', 'DOWN down 0', 'WEIGHT 5', 'R is good', 'UP up 5'])
})

test('the reason says how far retries are', (t) => {
  const { check, checker } = attach(new Fed({}))
  t.is(checker.reason, 'not checked yet')
  check.feed('+')
  t.is(checker.reason, 'fine')
  check.feed('--')
  t.is(checker.reason, 'refused (retry 2 of 2)')
  check.feed('-')
  t.is(checker.reason, 'refused')
})

test('all that share a check are told, one that joins while it retries among them', (t) => {
  const first = attach(new Fed({}))
  first.check.feed('+-')
  const second = attach(first.check, true, 'S')
  const third = attach(first.check, false, 'T')
  first.check.feed('-')
  t.deepEqual([first.checker.isUp, second.checker.isUp, third.checker.isUp], [true, false, false])
  t.deepEqual(second.told, ['S is bad after 0', 'DOWN down 0'])
  first.check.feed('+')
  t.deepEqual([first.checker.isUp, second.checker.isUp, third.checker.isUp], [true, true, true])
  t.deepEqual(first.told, ['R is good', 'UP up 0'])
  t.deepEqual(third.told, ['T is bad after 0', 'DOWN down 0', 'T is good', 'UP up 0'])
})

test('a suspended one hears nothing, and keeps what it said; the check runs while anybody wants to know', (t) => {
  const first = attach(new Fed({}))
  const second = attach(first.check, true, 'S')
  const { check } = first
  check.start(0)
  t.true(check.isOpen)
  check.feed('+')
  first.checker.suspend()
  check.stopUnwanted()
  t.true(check.isOpen)
  check.feed('---')
  t.deepEqual([first.checker.isUp, second.checker.isUp, first.checker.reason], [true, false, 'fine'])
  second.checker.suspend()
  check.stopUnwanted()
  t.false(check.isOpen)
  first.checker.resume()
  check.start(0)
  t.true(check.isOpen)
  check.feed('-')
  t.deepEqual(first.told.slice(2), ['R is bad after 0', 'DOWN down 0'])
})
