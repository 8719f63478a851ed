/** The services of the site. The VRID tells their virtual routers apart: one that is given away is not used again. */
export interface Service {
  readonly name: string
  readonly virtualRouterId: number
  readonly addresses: readonly string[]
}

export const SERVICES: readonly Service[] = [
  { name: 'WEB', virtualRouterId: 51, addresses: ['192.0.2.201/24', '192.0.2.202/24'] },
  { name: 'MAIL', virtualRouterId: 52, addresses: ['192.0.2.203/24'] },
]
