/** What ka-native does with the keywords that it reads. */

/** What ka-native does with a keyword. */
export type Status =
  | { readonly kind: 'acted on' }
  /** Read and checked, and nothing else, for good. */
  | { readonly kind: 'no effect'; readonly reason: string }
  /** Read and checked; acting on it comes later. `refuses`: running without it would be wrong. */
  | { readonly kind: 'not yet'; readonly without?: string; readonly refuses?: boolean }

export const ACTED_ON: Status = { kind: 'acted on' }
export const NOT_YET: Status = { kind: 'not yet' }

/** Read and checked, without effect for good. @param reason continues "no effect here: " */
export function noEffect(reason: string): Status {
  return { kind: 'no effect', reason }
}

/** Not acted on yet, which matters. @param without what is not done, continuing "not supported yet: " */
export function lacking(without: string): Status {
  return { kind: 'not yet', without }
}

/** Not acted on yet, and wrong to run without. @param without continues "not supported yet: " */
export function refused(without: string): Status {
  return { kind: 'not yet', without, refuses: true }
}
