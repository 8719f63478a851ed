import type { ExecutionContext } from 'ava'
import { chmodSync } from 'node:fs'
import { ControlServer } from '../../src/control/control-server.ts'
import { LvsRequests } from '../../src/control/lvs-requests.ts'
import type { LvsEvent } from '../../src/lvs/lvs-event.ts'
import { Scene } from '../lvs/scene.ts'
import { recorder } from '../notify/records.ts'
import { Scratch } from '../process/scratch.ts'

/** Virtual servers with a control socket, and a kernel and a clock in a test's hands. */
export class ControlledScene extends Scene {
  readonly requests: LvsRequests = new LvsRequests(this.lvs)
  runtimeDir = ''

  /** Starts with a configuration; the socket is gone with the test. */
  static async open(t: ExecutionContext, text: string, instanceName?: string): Promise<ControlledScene> {
    const scratch = await Scratch.make(t)
    chmodSync(scratch.path, 0o755)
    const scene = new ControlledScene()
    scene.runtimeDir = scratch.path
    await scene.load(text)
    const tools = { handler: scene.requests, log: recorder().log }
    const server = await ControlServer.open({ runtimeDir: scratch.path, instanceName }, tools)
    t.teardown(async () => {
      await server.close(0)
    })
    return scene
  }

  /** Events until now: what the kernel has done meanwhile counts. */
  get heard(): readonly LvsEvent[] {
    this.lvs.takeIpvsEvents()
    return this.events
  }

  override told(event: LvsEvent): void {
    super.told(event)
    this.requests.told(event)
  }
}

/** Two virtual servers that have a server in common. */
export const TWO_SERVICES: string = ['10.0.1.1', '10.0.1.2']
  .map((address, index) => {
    const servers = [`10.0.2.1${index}`, '10.0.2.20'].map((server) => `real_server ${server} 80 {\nweight 3\nTCP_CHECK {\n}\n}\n`)
    return `virtual_server ${address} 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\n${servers.join('')}}\n`
  })
  .join('')
