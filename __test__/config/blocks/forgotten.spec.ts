import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { loadConfig } from '../../../src/config/load.ts'
import { renderText } from '../../../src/config/diagnostics/render.ts'
import { fixtures, testHost } from '../fixtures.ts'

/** A mistake about braces. */
interface BraceMistake {
  readonly code: string
  readonly line: number
}

function braceMistakes(text: string): readonly BraceMistake[] {
  const { diagnostics } = loadConfig({ file: 'x.conf', text, host: testHost() })
  return [...diagnostics].filter(({ code }) => code.endsWith('-brace')).map(({ code, line = 0 }) => ({ code, line }))
}

/** Does what the diagnostics say: a `}` above a line, a `{` at the end of one. */
function repaired(text: string, mistakes: readonly BraceMistake[]): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim())
  for (const { code, line } of mistakes.toReversed()) {
    if (code === 'missing-close-brace') lines.splice(line - 1, 0, '}')
    else if (code === 'missing-open-brace') lines[line - 1] += ' {'
  }
  return lines
}

const PAIRS = fixtures().filter(({ name }) => name.startsWith('missing-brace-'))

test('there are pairs to look at', (t) => {
  t.true(PAIRS.length >= 10)
})

for (const { name, folder, file } of PAIRS) {
  test(`${name}: what is said leads to the corrected file, and nothing is said about that`, (t) => {
    const [broken, corrected] = [readFileSync(file, 'utf8'), readFileSync(join(folder, 'corrected.conf'), 'utf8')]
    const mistakes = braceMistakes(broken)
    t.true(mistakes.length > 0)
    t.deepEqual(
      repaired(broken, mistakes),
      corrected.split('\n').map((line) => line.trim()),
    )
    t.deepEqual(braceMistakes(corrected), [])
  })
}

/** Most kinds of blocks, laid out as people do. */
const WHOLE = `
global_defs {
    router_id a
    notification_email {
        a@b.c
        d@e.f
    }
    smtp_server 1.2.3.4
}
static_routes {
    10.0.0.0/8 via 1.2.3.4 dev eth0
    blackhole 10.1.0.0/16
}
vrrp_script chk {
    script "/usr/bin/true"
    interval 2
    weight -20
}
vrrp_sync_group G {
    group {
        VI_1
        VI_2
    }
    notify_master /bin/true
    track_interface {
        eth0 weight 5
    }
}
vrrp_instance VI_1 {
    interface eth0
    state BACKUP
    virtual_router_id 51
    track_script {
        chk
    }
    track_interface {
        eth0
        eth1 weight 10
    }
    authentication {
        auth_type PASS
        auth_pass x
    }
    unicast_peer {
        1.2.3.4
    }
    virtual_ipaddress {
        10.0.0.1/24 dev eth0
        10.0.0.2/24 dev eth0
    }
    virtual_routes {
        10.2.0.0/16 via 10.0.0.9
    }
    virtual_rules {
        from 10.0.0.0/8 table 3
        priority 100 to 1.2.3.4 table 5
    }
    priority 100
    advert_int 1
}
virtual_server_group VSG {
    10.0.0.1 80
    fwmark 3
}
virtual_server 10.0.0.1 80 {
    delay_loop 6
    lb_algo rr
    lb_kind NAT
    protocol TCP
    sorry_server 1.1.1.1 80
    real_server 10.1.0.1 80 {
        weight 1
        notify_up /bin/true
        HTTP_GET {
            url {
                path /
                status_code 200
            }
            url {
                path /x
                digest abc
            }
            connect_timeout 3
            retry 3
        }
        SMTP_CHECK {
            connect_timeout 4
            host {
                connect_ip 1.2.3.4
                connect_port 25
            }
            helo_name x
        }
        MISC_CHECK {
            misc_path "/bin/true"
            misc_timeout 3
        }
    }
    real_server 10.1.0.2 80 {
        weight 1
        TCP_CHECK {
            connect_port 80
        }
    }
}
bfd_instance b {
    neighbor_ip 1.2.3.4
    min_rx 30
}
`

const lines = WHOLE.trim().split('\n')

test('a text with all its braces has no mistake about them', (t) => {
  t.deepEqual(braceMistakes(lines.join('\n')), [])
})

test('whichever `}` is forgotten, it is missed where it was', (t) => {
  for (const [index, line] of lines.entries()) {
    if (line.trim() !== '}' || index === lines.length - 1) continue
    t.deepEqual(
      braceMistakes(lines.toSpliced(index, 1).join('\n')),
      [{ code: 'missing-close-brace', line: index + 1 }],
      `line ${index + 1}`,
    )
  }
})

test('whichever `{` is forgotten, it is missed where it was', (t) => {
  for (const [index, line] of lines.entries()) {
    if (!line.endsWith(' {')) continue
    const mistakes = braceMistakes(lines.with(index, line.slice(0, -2)).join('\n'))
    t.deepEqual(mistakes, [{ code: 'missing-open-brace', line: index + 1 }], `line ${index + 1}`)
  }
})

const CASES: readonly (readonly [title: string, text: string, mistakes: readonly string[]])[] = [
  ['a misplaced keyword alone says nothing about braces', 'vrrp_instance A {\n  authentication {\n    priority 9\n  }\n}\n', []],
  [
    'nor does a misplaced keyword that stands inside, where the indentation explains the rest',
    'vrrp_instance A {\n  authentication {\n    priority 9\n  }\n  virtual_ipaddress {\n    10.0.0.1\n}\n',
    ['missing-close-brace 7'],
  ],
  [
    'options of rules that are keywords elsewhere',
    'vrrp_instance A {\n  virtual_rules {\n    priority 9 table 1\n  }\n',
    ['missing-close-brace 1'],
  ],
  ['a block that nobody knows is judged by the indentation', 'bogus {\n  x {\n    y\n  z\n}\n', ['missing-close-brace 4']],
  [
    'tabs are as wide as eight blanks',
    'vrrp_instance A {\n\tauthentication {\n\t\tauth_type PASS\n        priority 9\n}\n',
    ['missing-close-brace 4'],
  ],
  [
    'a keyword without its block is not the one that a brace is missing at',
    'vrrp_instance A {\n  authentication\n  priority 9\n  virtual_ipaddress\n    10.0.0.1\n  }\n}\n',
    ['missing-open-brace 2', 'missing-open-brace 4'],
  ],
  ['a block of which only the end is there', 'vrrp_instance A {\n  authentication\n  }\n  priority 9\n}\n', ['missing-open-brace 2']],
]

for (const [title, text, mistakes] of CASES) {
  test(title, (t) => {
    t.deepEqual(
      braceMistakes(text).map(({ code, line }) => `${code} ${line}`),
      mistakes,
    )
  })
}

test('what follows a forgotten brace is read as what it is', (t) => {
  const text =
    'vrrp_instance A {\n  interface eth0\n  authentication {\n    auth_type PASS\n    auth_pass x\n  virtual_router_id 7\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n'
  const { config } = loadConfig({ file: 'x.conf', text, host: testHost() })
  t.like(config.vrrpInstances, [{ virtualRouterId: 7, authentication: { authType: 'PASS' } }])
})

test('the block and its line are named', (t) => {
  const text = 'global_defs {\n  router_id a\nvrrp_instance A {\n}\n'
  const { diagnostics } = loadConfig({ file: 'x.conf', text, host: testHost() })
  t.regex(renderText(diagnostics), /^x\.conf:3:1: error: the block 'global_defs' of line 1 is not closed before this line/)
})
