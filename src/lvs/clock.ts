/** Time as the policy of virtual servers needs it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls once after so many milliseconds. @returns what forgets the call */
  after(ms: number, call: () => void): () => void
}

/** The time of this machine. What waits keeps no process alive. */
export const CLOCK: Clock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms).unref()
    return () => {
      clearTimeout(timer)
    }
  },
}
