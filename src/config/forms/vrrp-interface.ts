/** The form of the interface that an instance runs on. */
import type { Form } from '../tables/form.ts'
import { interfaceName } from './words.ts'

/** An interface that is not the loopback. */
export function vrrpInterface(): Form<string> {
  const form = interfaceName()
  return {
    ...form,
    read(line, context, name) {
      const device = form.read(line, context, name)
      if (device !== 'lo') return device
      return context.diagnostics.error('invalid-word', line.wordSpan, 'VRRP cannot run on the loopback interface; the line is ignored')
    },
  }
}
