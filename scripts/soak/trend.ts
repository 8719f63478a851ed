/** A line through samples, by least squares. */
export interface Trend {
  readonly mean: number
  readonly least: number
  readonly most: number
  /** For each unit of time. */
  readonly slope: number
  /** What the line gains from the first sample to the last. */
  readonly growth: number
  /** Standard error of {@link growth}, as far as samples are independent. */
  readonly growthError: number
}

/**
 * Fits a line to at least three samples.
 *
 * @param samples pairs of a time and a value, in the order of time
 */
export function trendOf(samples: readonly (readonly [time: number, value: number])[]): Trend {
  const count = samples.length
  const times = samples.map(([time]) => time)
  const values = samples.map(([, value]) => value)
  const middle = sum(times) / count
  const mean = sum(values) / count
  const spread = sum(times.map((time) => (time - middle) ** 2))
  const slope = sum(samples.map(([time, value]) => (time - middle) * (value - mean))) / spread
  const residuals = sum(samples.map(([time, value]) => (value - mean - slope * (time - middle)) ** 2))
  const span = (times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN)
  const growthError = Math.sqrt(residuals / (count - 2) / spread) * span
  return { mean, least: Math.min(...values), most: Math.max(...values), slope, growth: slope * span, growthError }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
