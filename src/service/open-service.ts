import type { Logger } from 'pino'
import { loadNative } from '../engine/native.ts'
import type { ServiceEnvironment } from './environment.ts'
import { NotifySocket } from './notify-socket.ts'
import { ServiceManager } from './service-manager.ts'

/**
 * The service manager that is to be told.
 *
 * @returns `undefined` when there is none, or its socket cannot be reached
 */
export async function openServiceManager({ notifySocket }: ServiceEnvironment, log: Logger): Promise<ServiceManager | undefined> {
  if (notifySocket === undefined) return undefined
  try {
    const { DatagramSender } = await loadNative()
    return new ServiceManager(new NotifySocket(new DatagramSender(notifySocket), log))
  } catch (error) {
    log.warn({ err: error }, 'the service manager cannot be told')
    return undefined
  }
}
