/** Two routers that share the addresses of several services. The same file on both: which one it is, its name says. */
import { hostname } from 'node:os'
import { defineConfig } from 'ka-native'
import { SERVICES } from './services.ts'

const ROUTERS = ['router-a', 'router-b']

/** `ROUTER` for a try on any machine. */
const router = process.env['ROUTER'] ?? hostname()
const position = ROUTERS.indexOf(router)
if (position === -1) throw new Error(`${router} is none of ${ROUTERS.join(', ')}`)

export default defineConfig({
  globalDefs: { routerId: router, vrrpVersion: 3 },
  vrrpInstances: SERVICES.map(({ name, virtualRouterId, addresses }, index) => ({
    name,
    interface: 'eth0',
    virtualRouterId,
    // Each router is the Master of every other service, so that none idles.
    priority: index % ROUTERS.length === position ? 150 : 100,
    advertInt: 0.1,
    virtualIpaddress: addresses,
  })),
})
