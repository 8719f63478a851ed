import test, { type SerialFn } from 'ava'
import { whyNoGuest } from './guest-kernel.ts'

export { GuestReports, runInGuest } from './guest-kernel.ts'

const reason = whyNoGuest()
if (reason !== undefined) console.warn(`tests in a guest kernel are skipped: ${reason}`)

/**
 * `test.serial`, or its `skip` where no guest can be booted; the log then says why. A guest is a kernel of its own, in which tests may do
 * what must not happen to the host, such as setting its clock. It takes three seconds to boot.
 */
export const guestTest: SerialFn | SerialFn['skip'] = reason === undefined ? test.serial : test.serial.skip
