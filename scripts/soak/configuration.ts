import { keepalivedConf } from '../../__test__/lab/conf.ts'

/** Routers of the soaked daemon; the first half of them has a peer of higher priority. */
export const ROUTERS = 10

/** Periodic scripts that always succeed, each once a second. */
const QUICK_SCRIPTS = 20

/** Scripts by their names; `DIR` is the directory that they are in. Most add an octet to a file of `tally` when they run. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  quick: 'printf . >> DIR/tally/quick',
  /** Its weight comes and goes. */
  flips: 'printf . >> DIR/tally/flips\n[ ! -e DIR/flag-weight ]',
  /** A fault comes and goes. */
  faults: 'printf . >> DIR/tally/faults\n[ ! -e DIR/flag-fault ]',
  /** Fails with another status each time. */
  fails: 'printf . >> DIR/tally/fails\nexit $(($(date +%s) % 3 + 1))',
  late: 'printf . >> DIR/tally/late\nexec sleep 1000',
  stubborn: "trap '' TERM\nprintf . >> DIR/tally/stubborn\nsleep 1000\nsleep 1000",
  floods: 'printf . >> DIR/tally/floods\nhead -c 300000 /dev/zero',
  /** It is taken away and put back. */
  vanishes: 'printf . >> DIR/tally/vanishes',
  notify: 'printf . >> DIR/tally/notify',
  slow: 'printf . >> DIR/tally/slow\nsleep 2',
  'notify-fails': 'printf . >> DIR/tally/notify-fails\necho no >&2\nexit 3',
  reader: 'while read -r line; do printf . >> DIR/tally/reader; done < "$1"',
}

/**
 * The configuration of the soaked daemon.
 *
 * @param directory where its scripts and its FIFOs are
 * @param variant 1 has other scripts and another router than 0
 */
export function daemonConf(directory: string, variant: 0 | 1): string {
  const scripts = [
    ...Array.from({ length: QUICK_SCRIPTS + variant }, (_, index) => script(`q${index}`, directory, 'quick', 'weight 1')),
    script('flips', directory, 'flips', 'weight -30'),
    script('faults', directory, 'faults', 'fall 2'),
    script('fails', directory, 'fails', 'weight -1'),
    script('late', directory, 'late', 'timeout 1', 'weight -1').replace('interval 1', 'interval 3'),
    script('stubborn', directory, 'stubborn', 'timeout 1', 'weight -1').replace('interval 1', 'interval 5'),
    script('floods', directory, 'floods', 'weight 1'),
    script('vanishes', directory, 'vanishes', 'weight -1'),
  ]
  const quick = Array.from({ length: QUICK_SCRIPTS + variant }, (_, index) => `q${index}`)
  const routers = Array.from({ length: ROUTERS }, (_, index) => {
    const number = index + 1 + (index === ROUTERS - 1 ? variant : 0)
    const isContested = index < ROUTERS / 2
    const tracked = isContested
      ? []
      : index === ROUTERS - 1
        ? ['faults']
        : [...quick, 'flips', 'fails', 'late', 'stubborn', 'floods', 'vanishes']
    return {
      vrid: number,
      priority: isContested ? 100 : 200,
      version: 3 as const,
      advertInt: 0.2,
      addresses: [`192.0.2.${100 + number}/24`],
      extra: [
        'smtp_alert',
        `notify ${directory}/scripts/${notifier(index)}`,
        `notify_master ${directory}/scripts/notify`,
        ...(tracked.length === 0 ? [] : ['track_script {', ...tracked.map((name) => `  ${name}`), '}']),
      ],
    }
  })
  const globals = `  script_user root
  enable_script_security
  notification_email {
    ops@example.org
  }
  smtp_server 127.0.0.1
  vrrp_notify_priority_changes
  notify_fifo ${directory}/all.fifo
  vrrp_notify_fifo ${directory}/vrrp.fifo
  vrrp_notify_fifo_script ${directory}/scripts/reader`
  return scripts.join('') + keepalivedConf(...routers).replace('router_id lab', `router_id lab\n${globals}`)
}

/** The configuration of its peer, which takes the first half of the routers whenever it is there. */
export function peerConf(): string {
  const routers = Array.from({ length: ROUTERS / 2 }, (_, index) => ({
    vrid: index + 1,
    priority: 150,
    version: 3 as const,
    advertInt: 0.2,
    addresses: [`192.0.2.${101 + index}/24`],
  }))
  return keepalivedConf(...routers)
}

function notifier(index: number): string {
  if (index === 1) return 'slow'
  return index === 2 ? 'notify-fails' : 'notify'
}

function script(name: string, directory: string, file: string, ...rest: readonly string[]): string {
  return `vrrp_script ${name} {\n  script ${directory}/scripts/${file}\n  interval 1\n${rest.map((line) => `  ${line}\n`).join('')}}\n`
}
