import test from 'ava'
import { maskLine } from '../../../src/config/diagnostics/mask.ts'

/** Lines, and what is shown of them. */
const CASES: readonly (readonly [line: string, shown: string])[] = [
  ['  interface eth0 # the uplink', '  interface eth0 # the uplink'],
  ['priority 100 {', 'priority 100 {'],
  ['notify "/etc/keepalived/notify.sh MASTER" root', 'notify "/etc/keepalived/notify.sh MASTER" root'],
  ['  auth_pass s3cret', '  auth_pass ******'],
  ['  auth_pass s3cret } priority 1', '  auth_pass ****** * ******** *'],
  ['authentication {', 'authentication {'],
  ['authentication x {', 'authentication * {'],
  ['authentication { auth_type PASS auth_pass x }', 'authentication * ********* **** ********* * *'],
  ['auth_psas x', 'auth_psas *'],
  ['pasword x', 'pasword *'],
  ['# old password: x', '# old password* *'],
  ['script "/opt/x --password=hunter2 y"', 'script "/opt/x --pass************ **'],
  ['key /etc/ssl/key.pem', 'key ****************'],
  ['$PW=hunter2 x', '$PW=******* *'],
  ['@router1 a { $PW= "hunter2', '@router1 a { $PW= ********'],
  ['~LST(P, hunter2, h) auth_pass $P', '******* ******** *) auth_pass **'],
  ['~LST(P, one, two) interface $P', '~LST(P, one, two) interface $P'],
]

/** The same in a block of which every value is hidden. */
const SECRET_CASES: readonly (readonly [line: string, shown: string])[] = [
  ['auth_type PASS', 'auth_type PASS'],
  ['auth_type PSAS x', 'auth_type PSAS *'],
  ['auth_type x7!', 'auth_type ***'],
  ['hunter2', '*******'],
  ['interface eth0', 'interface ****'],
  ['key 7 hex:00', 'key * ******'],
  ['time_windwo 5', 'time_windwo *'],
  ['} interface eth0', '} interface eth0'],
  ['# x', '# *'],
]

for (const [line, shown] of CASES) {
  test(`<${line}> is shown as <${shown}>`, (t) => {
    t.is(maskLine(line, false), shown)
  })
}

for (const [line, shown] of SECRET_CASES) {
  test(`<${line}> in a block of secrets is shown as <${shown}>`, (t) => {
    t.is(maskLine(line, true), shown)
  })
}
