import test from 'ava'
import { trendOf } from '../../scripts/soak/trend.ts'

const MINUTES = Array.from({ length: 100 }, (_, index) => index / 4)

/** The same deviations for each test: a sawtooth from -1 to 1. */
function noise(index: number): number {
  return ((index * 7) % 11) / 5 - 1
}

test('a line through samples has their slope, and the growth from the first to the last', (t) => {
  const trend = trendOf(MINUTES.map((minute) => [minute, 5 + minute * 2]))
  t.is(trend.slope.toFixed(6), '2.000000')
  t.is(trend.growth.toFixed(6), '49.500000')
  t.is(trend.growthError.toFixed(6), '0.000000')
  t.deepEqual([trend.least, trend.mean, trend.most], [5, 29.75, 54.5])
})

test('the growth of samples that vary is known within its error', (t) => {
  const still = trendOf(MINUTES.map((minute, index) => [minute, 40 + noise(index)]))
  const growing = trendOf(MINUTES.map((minute, index) => [minute, 40 + noise(index) + minute]))
  t.true(still.growthError > 0 && Math.abs(still.growth) < 2 * still.growthError)
  t.true(Math.abs(growing.growth - 24.75) < 2 * growing.growthError)
})
