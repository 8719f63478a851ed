/**
 * Sets a fresh machine up for building, testing and the demo: system packages, npm packages, the addon, `dist/`.
 * What is there already is left alone; when all is there it takes a few milliseconds.
 *
 * `node scripts/setup.mjs` does it all; scripts/test.mjs and scripts/demo.mjs import what they need.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasProgram, ROOT, run } from './process.mjs'

/** What a Debian package is asked for: a program, or a file where it has none. @typedef {{ needs: string, package: string }} Requirement */

/** @type {readonly Requirement[]} */
const BUILD = [
  { needs: 'cc', package: 'gcc' },
  { needs: '/usr/include/stdlib.h', package: 'libc6-dev' },
]

/** @type {readonly Requirement[]} */
const DEMO = [
  { needs: 'ip', package: 'iproute2' },
  { needs: 'mount', package: 'mount' },
  { needs: 'nsenter', package: 'util-linux' },
  { needs: 'unshare', package: 'util-linux' },
]

/** @type {readonly Requirement[]} */
const TESTS = [
  { needs: 'ping', package: 'iputils-ping' },
  { needs: 'sysctl', package: 'procps' },
  { needs: 'keepalived', package: 'keepalived' },
  { needs: '/usr/lib/frr/vrrpd', package: 'frr' },
  { needs: 'tcpdump', package: 'tcpdump' },
  { needs: 'tcpreplay', package: 'tcpreplay' },
  { needs: 'tshark', package: 'tshark' },
  // libFuzzer is C++.
  { needs: 'c++', package: 'g++' },
  { needs: 'perl', package: 'perl-base' },
  { needs: 'systemd-analyze', package: 'systemd' },
  { needs: 'prlimit', package: 'util-linux' },
  { needs: 'python3', package: 'python3' },
  { needs: 'openssl', package: 'openssl' },
  // What __test__/ipvs-lab/setup installs: the guest kernel, and what runs in it.
  { needs: '/usr/bin/linux.uml', package: 'user-mode-linux' },
  { needs: '/bin/busybox', package: 'busybox-static' },
  { needs: 'ipvsadm', package: 'ipvsadm' },
  // The real servers that tests balance.
  { needs: 'nginx', package: 'nginx-light' },
  { needs: 'haproxy', package: 'haproxy' },
  { needs: 'dnsmasq', package: 'dnsmasq-base' },
  { needs: 'exim4', package: 'exim4-daemon-light' },
]

/** The services of packages. Debian starts a service that it installs; tests start their own, each in its network namespace. */
const SERVICES = new Map([
  ['keepalived', 'keepalived'],
  ['nginx-light', 'nginx'],
  ['haproxy', 'haproxy'],
  ['exim4-daemon-light', 'exim4'],
])

/** A server of packages may be away for a moment. Cargo has its own number, in .cargo/config.toml. */
const DOWNLOAD_RETRIES = 5

/** What Debian asks whether a service may be started. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d'

/** The requirements by purpose. @typedef {keyof typeof REQUIREMENTS} Purpose */
const REQUIREMENTS = { build: BUILD, demo: DEMO, test: [...BUILD, ...DEMO, ...TESTS] }

/** The oldest Rust that builds the crates, as Cargo.toml says. */
const RUST = readFileSync(join(ROOT, 'Cargo.toml'), 'utf8').match(/^rust-version = "(\d+)\.(\d+)"$/m)

/** Source directories and files of the addon, and of `dist/`. */
const ADDON_SOURCES = ['crates', 'Cargo.toml', 'Cargo.lock']
const DIST_SOURCES = ['src', 'index.d.ts', 'tsconfig.json', 'tsconfig.build.json']
const DIST_MAIN = 'dist/cli/main.js'

/**
 * Makes everything that a purpose needs.
 *
 * @param {Purpose} purpose
 * @throws {Error} with one clear sentence when something is missing that it cannot make
 */
export function setUp(purpose) {
  ensureNode()
  const isAddonOld = isOlderThanSources(addonFile(), ADDON_SOURCES)
  const missing = ensureSystemPackages(isAddonOld ? ['build', purpose] : [purpose])
  ensureNodeModules()
  if (isAddonOld) buildAddon(missing)
  if (isOlderThanSources(DIST_MAIN, DIST_SOURCES)) buildDist()
}

/**
 * Installs missing system packages in one call of apt-get when root; else prints the line to run.
 *
 * @param {readonly Purpose[]} purposes
 * @returns {string[]} the packages that are still missing
 */
export function ensureSystemPackages(purposes) {
  const missing = missingPackages(purposes)
  if (missing.length === 0) return []
  // Not in place of what is there, such as another mail server.
  const apt = `apt-get -o Acquire::Retries=${DOWNLOAD_RETRIES} -q`
  const line = `${apt} update && ${apt} install -y --no-remove --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0 || !hasProgram('apt-get')) {
    process.stderr.write(`missing system packages, please run: sudo sh -c '${line}'\n`)
    return missing
  }
  withoutServices(() => run('sh', ['-c', line], { DEBIAN_FRONTEND: 'noninteractive' }))
  const services = missing.flatMap((name) => SERVICES.get(name) ?? [])
  if (services.length > 0 && existsSync('/run/systemd/system')) run('systemctl', ['disable', '--now', ...services])
  return missingPackages(purposes)
}

/**
 * Installs something while no service may be started: the ports may be somebody's.
 *
 * @param {() => void} install
 */
function withoutServices(install) {
  if (existsSync(SERVICE_POLICY)) return install()
  writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return install()
  } finally {
    rmSync(SERVICE_POLICY)
  }
}

/**
 * @param {readonly Purpose[]} purposes
 * @returns {string[]}
 */
function missingPackages(purposes) {
  const requirements = new Set(purposes.flatMap((purpose) => REQUIREMENTS[purpose]))
  const missing = [...requirements].filter(({ needs }) => (needs.startsWith('/') ? !existsSync(needs) : !hasProgram(needs)))
  return [...new Set(missing.map((requirement) => requirement.package))]
}

function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isSupported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22
  if (!isSupported) throw new Error(`Node ${process.versions.node} is not supported: use 20.19 or later, or 22.12 or later`)
}

/** Installs the npm packages of the lockfile when they are missing or older than it. */
export function ensureNodeModules() {
  // npm writes this file last.
  const installed = join(ROOT, 'node_modules/.package-lock.json')
  if (existsSync(installed) && modifiedMs(installed) >= modifiedMs(join(ROOT, 'package-lock.json'))) return
  // Not `npm ci`, which refuses a lockfile without the other platforms' optional packages. The registry that it was
  // made from offered those of x64 with glibc only, and npm 10 installs no optional package that a lockfile lacks.
  const isLocked = addonFile() === 'ka-native.linux-x64-gnu.node'
  const retries = `--fetch-retries=${DOWNLOAD_RETRIES}`
  run('npm', ['install', '--no-audit', '--no-fund', retries, ...(isLocked ? [] : ['--no-package-lock'])])
  touch(installed)
}

/** @param {readonly string[]} missing packages */
function buildAddon(missing) {
  ensureRust()
  const compiler = BUILD.map((requirement) => requirement.package).filter((name) => missing.includes(name))
  if (compiler.length > 0) throw new Error(`the addon needs ${compiler.join(' and ')} to be built`)
  run('npm', ['run', '--silent', 'build:native'])
  touch(join(ROOT, addonFile()))
}

/** @throws {Error} when there is no Rust, or one that is too old, as Debian 12's own is */
function ensureRust() {
  const [, major = '', minor = ''] = RUST ?? []
  const wanted = `Rust ${major}.${minor} or newer: see https://rustup.rs`
  if (!hasProgram('cargo')) throw new Error(`the addon needs Rust to be built, and there is no cargo in PATH. Install ${wanted}`)
  const { stdout } = spawnSync('rustc', ['--version'], { cwd: ROOT, encoding: 'utf8' })
  const found = stdout?.match(/^rustc (\d+)\.(\d+)/)
  // A rustc that says nothing of the kind is cargo's to complain about.
  if (found?.[1] === major && Number(found[2]) < Number(minor)) throw new Error(`${stdout.trim()} is too old. Install ${wanted}`)
}

function buildDist() {
  // A module whose source is gone must not stay.
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
  run('npm', ['run', '--silent', 'build:ts'])
  touch(join(ROOT, DIST_MAIN))
}

/**
 * The file name that napi gives the addon built here.
 *
 * @returns {string}
 */
export function addonFile() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
  const libc = report.header.glibcVersionRuntime === undefined ? 'musl' : 'gnu'
  return `ka-native.linux-${process.arch}-${libc}.node`
}

/**
 * @param {string} product
 * @param {readonly string[]} sources files and directories
 * @returns {boolean} true also when there is no product
 */
function isOlderThanSources(product, sources) {
  const path = join(ROOT, product)
  if (!existsSync(path)) return true
  const builtMs = modifiedMs(path)
  return sources.some((source) => filesUnder(join(ROOT, source)).some((file) => modifiedMs(file) > builtMs))
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesUnder(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** @param {string} path */
function modifiedMs(path) {
  return statSync(path).mtimeMs
}

/** @param {string} path */
function touch(path) {
  const now = new Date()
  utimesSync(path, now, now)
}

if (process.argv[1] === import.meta.filename) {
  try {
    setUp('test')
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
