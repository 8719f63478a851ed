/**
 * What a thread of the addon calls when it has something to tell.
 *
 * It has to be handed over before there is anybody to tell. Once nobody is to be told any more it forgets them: the thread's handle keeps
 * what it calls, so that whoever has the handle would never be collected, nor the handle with its descriptors.
 */
export class Wake {
  #handler: (() => void) | undefined

  /** For the addon. */
  readonly call = (): void => {
    this.#handler?.()
  }

  /** From now on `handler` is told. A wake-up that came before is lost: the thread is to be asked once. */
  follow(handler: () => void): void {
    this.#handler = handler
  }

  /** Nobody is told any more. */
  end(): void {
    this.#handler = undefined
  }
}
