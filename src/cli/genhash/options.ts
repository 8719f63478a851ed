/** The command line of genhash: as keepalived's, whose users have it in scripts. */
import { isIP } from 'node:net'
import { readOptions } from '../keepalived/getopt.ts'
import type { OptionName } from '../keepalived/getopt.ts'

/** What a timer of Node can wait. */
const MAX_TIMEOUT_S = 2_147_483

/** What is to be hashed, and how it is got. */
export interface GenhashRequest {
  /** An IPv4 or IPv6 address. */
  readonly server: string
  readonly port: number
  readonly path: string
  /** The name for `Host`; without one, address and port. */
  readonly virtualhost: string | undefined
  readonly isTls: boolean
  /** Whether the name is sent in the TLS handshake too. */
  readonly sendsName: boolean
  /** Of the packets sent (`SO_MARK`). */
  readonly mark: number | undefined
  readonly protocol: '1.0' | '1.0C' | '1.1'
  /** For each step: to connect, to the next part of the answer. */
  readonly timeoutMs: number | undefined
  readonly isVerbose: boolean
}

/** What a command line asks for. */
export type GenhashWanted =
  | { readonly kind: 'run'; readonly request: GenhashRequest }
  /** The usage, behind what is wrong, if anything is. */
  | { readonly kind: 'usage'; readonly problem: string | undefined }

type Draft = { -readonly [key in keyof GenhashRequest]?: GenhashRequest[key] | undefined }

/** An option of genhash. */
export interface GenhashOption extends OptionName {
  readonly short: string
  readonly long: string
  readonly value: 'none' | 'required'
  readonly placeholder?: string
  readonly meaning: string
  /** Takes the value; a sentence where it is none. */
  readonly set?: (draft: Draft, value: string) => string | undefined
}

/** Every option but that for help, which is what is said when anything is wrong. */
export const GENHASH_OPTIONS: readonly GenhashOption[] = [
  {
    short: 's',
    long: 'server',
    value: 'required',
    placeholder: 'address',
    meaning: 'address of the server',
    set(draft, value) {
      if (isIP(value) === 0) return `server should be an IP, not ${value}`
      draft.server = value
      return undefined
    },
  },
  {
    short: 'p',
    long: 'port',
    value: 'required',
    placeholder: 'number',
    meaning: 'its port',
    set(draft, value) {
      draft.port = integer(value, 1, 65_535)
      return draft.port === undefined ? `invalid port number '${value}'` : undefined
    },
  },
  {
    short: 'u',
    long: 'url',
    value: 'required',
    placeholder: 'path',
    meaning: 'path of what is hashed',
    set(draft, value) {
      draft.path = value
      return undefined
    },
  },
  {
    short: 'S',
    long: 'use-ssl',
    value: 'none',
    meaning: 'over TLS; no certificate is verified',
    set(draft) {
      draft.isTls = true
      return undefined
    },
  },
  {
    short: 'I',
    long: 'use-sni',
    value: 'none',
    meaning: 'send the name of -V in the TLS handshake too',
    set(draft) {
      draft.sendsName = true
      return undefined
    },
  },
  {
    short: 'V',
    long: 'use-virtualhost',
    value: 'required',
    placeholder: 'name',
    meaning: 'name for the Host header (default: address and port)',
    set(draft, value) {
      draft.virtualhost = value
      return undefined
    },
  },
  {
    short: 'm',
    long: 'fwmark',
    value: 'required',
    placeholder: 'number',
    meaning: 'mark of the packets that are sent',
    set(draft, value) {
      draft.mark = integer(value, 0, 4_294_967_295)
      return draft.mark === undefined ? `invalid fwmark '${value}'` : undefined
    },
  },
  {
    short: 'P',
    long: 'protocol',
    value: 'required',
    placeholder: 'version',
    meaning: "1.0, 1.1, or 1.0c: 1.0 with 'Connection: close' (default: 1.0)",
    set(draft, value) {
      const protocol = (['1.0', '1.0C', '1.1'] as const).find((version) => version === value.toUpperCase())
      draft.protocol = protocol
      return protocol === undefined ? `invalid HTTP protocol version '${value}'` : undefined
    },
  },
  {
    short: 't',
    long: 'timeout',
    value: 'required',
    placeholder: 'seconds',
    meaning: 'how long to wait for a connection, and for each part of the answer (default: for ever)',
    set(draft, value) {
      const seconds = integer(value, 0, MAX_TIMEOUT_S)
      draft.timeoutMs = seconds === undefined || seconds === 0 ? undefined : seconds * 1000
      return seconds === undefined ? `invalid timeout '${value}'` : undefined
    },
  },
  {
    short: 'v',
    long: 'verbose',
    value: 'none',
    meaning: 'print the answer and the time that it took, too',
    set(draft) {
      draft.isVerbose = true
      return undefined
    },
  },
]

const HELP: GenhashOption = { short: 'h', long: 'help', value: 'none', meaning: 'print this help' }

/** Reads the words behind the program's name. */
export function readGenhash(args: readonly string[]): GenhashWanted {
  const draft: Draft = {}
  const words: string[] = []
  for (const found of readOptions(args, [...GENHASH_OPTIONS, HELP])) {
    if (found.kind === 'word') words.push(found.text)
    else if (found.kind === 'unknown') return usage(`Unknown option ${found.text}`)
    else if (found.kind === 'missing') return usage(`Missing parameter for option ${found.text}`)
    else if (found.kind === 'rest' || found.option.set === undefined) return usage()
    else {
      const problem = found.option.set(draft, found.value ?? '')
      if (problem !== undefined) return usage(problem)
    }
  }
  if (words.length > 0) return usage(`Unexpected argument(s): ${words.join(' ')}`)
  const { server, port, path } = draft
  if (server === undefined || port === undefined || path === undefined) {
    return usage(args.length === 0 ? undefined : '--server, --port and --url are needed')
  }
  return { kind: 'run', request: completed(draft, { server, port, path }) }
}

function completed(draft: Draft, needed: Pick<GenhashRequest, 'server' | 'port' | 'path'>): GenhashRequest {
  return {
    ...needed,
    virtualhost: draft.virtualhost,
    isTls: draft.isTls ?? false,
    sendsName: draft.sendsName ?? false,
    mark: draft.mark,
    protocol: draft.protocol ?? '1.0',
    timeoutMs: draft.timeoutMs,
    isVerbose: draft.isVerbose ?? false,
  }
}

function usage(problem?: string): GenhashWanted {
  return { kind: 'usage', problem }
}

/** A number of decimal digits. */
function integer(text: string, min: number, max: number): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  return number >= min && number <= max ? number : undefined
}

/**
 * The usage, a line or more for each option.
 *
 * @param name how the program was called
 */
export function usageLines(name: string): readonly string[] {
  const options = [...GENHASH_OPTIONS, HELP].map(({ short, long, placeholder, meaning }) => {
    const value = placeholder === undefined ? '' : ` <${placeholder}>`
    return `  -${short}, --${long}${value}`.padEnd(32) + meaning
  })
  return [
    `Usage: ${name} [options] -s <address> -p <number> -u <path>`,
    '',
    'Prints the MD5 digest of what a web server answers, for the keyword `digest`.',
    '',
    ...options,
  ]
}
