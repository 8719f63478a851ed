import test from 'ava'
import type { IprouteTable } from '../../../src/config/tables/iproute.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { testHost } from '../fixtures.ts'

/** Directories of iproute2 that this machine does not have. */
const FILES: Readonly<Record<string, Readonly<Partial<Record<IprouteTable, Readonly<Record<string, number>>>>>>> = {
  '/etc/iproute2': { rt_tables: { blue: 10, main: 11 }, rt_scopes: { tiny: 7, huge: 300 } },
  '/usr/share/iproute2': { rt_tables: { blue: 20, green: 21 } },
  '/opt/names': { rt_tables: { blue: 30 } },
}

/** The routing tables and scopes that lines say; `undefined` for a line that was dropped. */
function tables(routes: readonly string[], before = '', after = ''): readonly (number | undefined)[] {
  const host = testHost({ iprouteNames: (directory, table) => new Map(Object.entries(FILES[directory]?.[table] ?? {})) })
  return routes.map((table) => {
    const text = `${before}\nstatic_routes {\n  10.0.0.0/8 dev eth0 table ${table}\n}\n${after}`
    return loadConfig({ file: 'keepalived.conf', text, host }).config.staticRoutes[0]?.table
  })
}

test('a name is that of the local directory, then that of the distribution, then a built-in one', (t) => {
  t.deepEqual(tables(['blue', 'green', 'main', 'local', 'default', 'red']), [10, 21, 11, 255, 253, undefined])
})

test('numbers in any base are no names', (t) => {
  const cases = ['10', '010', '0x10', '4294967295', '4294967296', '-1', '""', '1x', '08']
  t.deepEqual(tables(cases), [10, 8, 16, 4_294_967_295, undefined, undefined, undefined, undefined, undefined])
})

test('global_defs says where the names are, wherever it stands', (t) => {
  const etc = 'global_defs {\n  iproute_etc_dir /opt/names\n}'
  t.deepEqual(tables(['blue', 'green', 'main'], etc), [30, 21, 254])
  t.deepEqual(tables(['blue', 'green', 'main'], '', etc), [30, 21, 254])
  t.deepEqual(tables(['blue', 'green'], 'global_defs { iproute_usr_dir /opt/names }'), [10, undefined])
  // The last line with one word counts; a line elsewhere does not.
  t.deepEqual(tables(['blue'], `${etc}\nglobal_defs {\n  iproute_etc_dir /etc/iproute2\n}`), [10])
  t.deepEqual(tables(['blue'], `${etc}\nglobal_defs {\n  iproute_etc_dir /etc/iproute2 x\n}`), [30])
  t.deepEqual(tables(['blue'], 'vrrp_instance VI_1 {\n  iproute_etc_dir /opt/names\n}'), [10])
})

test('a name of a number that does not fit is none', (t) => {
  const host = testHost({ iprouteNames: (directory, table) => new Map(Object.entries(FILES[directory]?.[table] ?? {})) })
  const scopes = ['tiny', 'huge'].map((scope) => {
    const text = `static_routes {\n  10.0.0.0/8 dev eth0 scope ${scope}\n}`
    return loadConfig({ file: 'keepalived.conf', text, host }).config.staticRoutes[0]?.scope
  })
  t.deepEqual(scopes, [7, undefined])
})
