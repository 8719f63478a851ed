/**
 * Calls when a time is over, unless it is set anew before.
 *
 * Timers come before what sockets have: when JavaScript has stood still, an answer that came in time is looked at first.
 */
export class Deadline {
  #timer: NodeJS.Timeout | undefined
  #afterwards: NodeJS.Immediate | undefined

  set(delayMs: number, call: () => void): void {
    this.clear()
    this.#timer = setTimeout(() => {
      this.#afterwards = setImmediate(call)
    }, delayMs)
  }

  clear(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#afterwards)
  }
}
