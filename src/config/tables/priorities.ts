/** Priorities with a meaning (RFC 9568 §5.2.4). */

/** Into so many parts the skew time divides an interval: one less for each priority. */
export const SKEW_PARTS = 256

/** The address owner's priority. */
export const OWNER = 255
/** The priority of an instance that says neither priority nor state. */
export const DEFAULT_PRIORITY = 100
/** The highest priority that is no address owner. */
export const HIGHEST_BACKUP_PRIORITY = 254
