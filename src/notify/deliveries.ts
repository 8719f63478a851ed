import type { Logger } from 'pino'
import type { DaemonOptions } from '../daemon/options.ts'
import type { NotifyTarget } from './change.ts'
import { MailTarget } from './mail.ts'
import { WebhookTarget } from './webhook.ts'

/**
 * The targets that speak to other machines: mail, then each webhook.
 *
 * @param instance the daemon among several on this host, where it has a name
 */
export function deliveries({ smtp, webhooks = [] }: DaemonOptions, instance: string | undefined, log: Logger): readonly NotifyTarget[] {
  const mail = new MailTarget(log, smtp === undefined ? {} : { security: smtp })
  return [mail, ...webhooks.map((webhook) => new WebhookTarget(webhook, log, { instance }))]
}
