/** Work that is done one after the other, in the order in which it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Does `work` when what was asked for before is done, whether that failed or not. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    // The next one runs all the same; this caller gets the error.
    this.#last = turn.catch(() => {})
    return await turn
  }
}
