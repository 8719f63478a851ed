/**
 * Publishes a release: the packages with the prebuilt addons, then the main package that depends on them.
 *
 * What the registry has already is left alone, so a release that broke off is finished by running this again.
 *
 *   node scripts/publish.mjs [--dry-run]
 *   node scripts/publish.mjs --guard    what `npm publish` runs first: fails unless this script called it
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, run } from './process.mjs'

/** What is read of a package.json. @typedef {{ name: string, version: string, main: string, optionalDependencies?: Record<string, string> }} Manifest */

/** npm packs them of their own accord. */
const LICENCES = ['LICENSE-MIT', 'LICENSE-APACHE', 'LICENSE-PCRE2']

/**
 * @param {string} directory
 * @returns {Manifest}
 */
function manifest(directory) {
  return /** @type {Manifest} */ (JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')))
}

/**
 * @param {Manifest} package_
 * @returns {boolean}
 */
function isPublished({ name, version }) {
  const { status, stdout } = spawnSync('npm', ['view', `${name}@${version}`, 'version'], { encoding: 'utf8' })
  return status === 0 && stdout.trim() === version
}

/**
 * @param {string} directory
 * @param {boolean} isDryRun
 */
function publish(directory, isDryRun) {
  const package_ = manifest(directory)
  if (!isDryRun && isPublished(package_)) {
    process.stderr.write(`${package_.name}@${package_.version} is published already\n`)
    return
  }
  const tag = package_.version.includes('-') ? ['--tag', 'next'] : []
  run('npm', ['publish', directory, '--access', 'public', ...tag, ...(isDryRun ? ['--dry-run'] : ['--provenance'])])
}

/** @param {boolean} isDryRun */
function release(isDryRun) {
  const main = manifest(ROOT)
  const platforms = readdirSync(join(ROOT, 'npm')).map((name) => join(ROOT, 'npm', name))
  const tag = process.env['RELEASE_TAG'] ?? ''
  if (tag !== '' && tag !== `v${main.version}`) throw new Error(`the tag ${tag} does not name version ${main.version}`)
  for (const directory of platforms) {
    const { name, version, main: addon } = manifest(directory)
    if (version !== main.version) throw new Error(`${name} has version ${version}, ka-native has ${main.version}: run 'npx napi version'`)
    if (!existsSync(join(directory, addon))) throw new Error(`${name} has no ${addon}: run 'npx napi artifacts'`)
  }

  for (const directory of platforms) {
    for (const licence of LICENCES) copyFileSync(join(ROOT, licence), join(directory, licence))
    publish(directory, isDryRun)
  }

  // Only a published package names them: in a clone npm would look for versions that do not exist yet.
  const file = join(ROOT, 'package.json')
  const text = readFileSync(file, 'utf8')
  const optionalDependencies = Object.fromEntries(platforms.map((directory) => [manifest(directory).name, main.version]))
  writeFileSync(file, `${JSON.stringify({ ...main, optionalDependencies }, undefined, 2)}\n`)
  try {
    publish(ROOT, isDryRun)
  } finally {
    writeFileSync(file, text)
  }
}

/** A package without its addons and without `dist/` would install and not run. */
function guard() {
  if (manifest(ROOT).optionalDependencies === undefined) throw new Error("publish with 'node scripts/publish.mjs'")
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error("there is no dist/: run 'npm run build:ts'")
}

const { values } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false }, guard: { type: 'boolean', default: false } } })
try {
  if (values.guard) guard()
  else release(values['dry-run'])
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
