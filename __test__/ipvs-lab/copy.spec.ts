/** The lab's scripts are kept in one place for several projects; this is the copy that a clone alone has. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import test from 'ava'

const HERE = new URL('.', import.meta.url)
const SHARED = new URL('../../../shared/ipvs-lab/', import.meta.url)

const sharedTest = existsSync(SHARED) ? test : undefined

sharedTest?.('the copy is what it is a copy of', (t) => {
  for (const name of readdirSync(SHARED)) {
    t.is(readFileSync(new URL(name, HERE), 'utf8'), readFileSync(new URL(name, SHARED), 'utf8'), name)
    t.is(statSync(new URL(name, HERE)).mode & 0o111, statSync(new URL(name, SHARED)).mode & 0o111, name)
  }
})

test('the scripts of the lab can be executed', (t) => {
  for (const name of ['run', 'setup', 'smoke', 'guest-init']) t.not(statSync(new URL(name, HERE)).mode & 0o111, 0, name)
})
