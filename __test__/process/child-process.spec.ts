/** What a script finds of itself: under Debian's keepalived, and under the thread that runs ours. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { lookUpAccount } from '../../src/process/account.ts'
import type { ScriptAccount } from '../../src/config/tables/values.ts'
import { whyUnavailable } from '../config/keepalived.ts'
import { openRunner } from './runner.ts'
import { rootTest, Scratch } from './scratch.ts'

/** PR_GET_PDEATHSIG of prctl(2) by its number: Perl knows neither. Everything else is read from /proc. */
const REPORT = `#!/usr/bin/perl
use strict;
my %prctl = (x86_64 => 157, aarch64 => 167);
my ($machine) = (require POSIX, (POSIX::uname())[4])[-1];
my $signal = pack('i', 0);
syscall($prctl{$machine}, 2, $signal, 0, 0, 0);
my $umask = sprintf('%04o', umask);
my ($out, $in);
my @files = sort { $a <=> $b } grep { -e "/proc/$$/fd/$_" } 0 .. 9;
my @names = map { "$_ " . readlink("/proc/$$/fd/$_") } @files;
open($in, '<', '/proc/self/stat');
my ($group, $session) = (split ' ', (<$in> =~ s/.*\\) //r))[2, 3];
open($in, '<', '/proc/self/status');
my %status = map { /^(\\w+):\\s*(.*?)\\s*$/ ? ($1, $2) : () } <$in>;
open($in, '<', '/proc/self/limits');
my @limits = map { s/\\s+/ /gr } <$in>;
open($in, '<', '/proc/self/oom_score_adj');
my $oom = <$in>;
chomp $oom;
open($out, '>', "$ARGV[0].new") or exit 9;
print $out join("\\n",
  'parentDeath ' . unpack('i', $signal), "umask $umask", 'directory ' . readlink('/proc/self/cwd'), "oom $oom",
  'ownGroup ' . ($group == $$), "session $session", 'nice ' . getpriority(0, 0),
  (map { "$_ $status{$_}" } qw(Uid Gid Groups SigBlk CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Cpus_allowed)),
  # Perl itself ignores SIGFPE.
  sprintf('SigIgn %x', hex($status{SigIgn}) & ~0x80),
  (map { "file $_" } @names), (map { "env $_=$ENV{$_}" } sort keys %ENV), (map { 'limit ' . s/ $//r } @limits)), "\\n";
close($out);
rename("$ARGV[0].new", $ARGV[0]);
`

/** Lines that are different on purpose, or because of how the two are started here (docs/compatibility.md). */
const DIFFERENT = [
  // keepalived gives scripts the umask that it sets for itself; ours is for whoever starts the daemon to set.
  /^umask /,
  // Node raises the soft limit before anything else runs.
  /^limit Max open files /,
  // 2.2.7 leaves these, and every file that it was started with. IFS has a line feed in it.
  /^env (IFS|LD_LIBRARY_PATH)=/,
  /^$/,
  /^file [3-9] /,
  // What starts the one and the other.
  /^env (_|OLDPWD|SHLVL|PWD)=/,
]

const UNSAFE = { IFS: 'x', LD_LIBRARY_PATH: '/no/such/directory' }

interface Account {
  readonly name: string
  /** What follows the script in keepalived.conf. */
  readonly words: string
  readonly account: ScriptAccount
}

const ACCOUNTS: readonly Account[] = [
  { name: 'root', words: 'root', account: { user: 'root', group: undefined, supplementaryGroups: false } },
  { name: 'user', words: 'nobody', account: { user: 'nobody', group: undefined, supplementaryGroups: false } },
  { name: 'group', words: 'nobody daemon', account: { user: 'nobody', group: 'daemon', supplementaryGroups: false } },
]

/** What the script finds under keepalived, by the names of {@link ACCOUNTS}. */
async function underKeepalived(t: ExecutionContext, scratch: Scratch, script: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const [first, second, third] = ACCOUNTS.map(({ name, words }) => `"${script} ${scratch.file(`keepalived-${name}`)}" ${words}`)
  // At a stop it gives scripts a second, in which a busy machine may not let them look at themselves.
  const configuration = `vrrp_instance VI_1 {
 interface lo0
 virtual_router_id 1
 notify_backup ${first}
 notify_master ${second}
 virtual_ipaddress {
  10.99.0.1
 }
}
vrrp_instance VI_2 {
 interface lo0
 virtual_router_id 2
 notify_backup ${third}
 virtual_ipaddress {
  10.99.0.3
 }
}
`
  writeFileSync(scratch.file('keepalived.conf'), configuration, { mode: 0o644 })
  const prepare =
    'ip link add lo0 type veth peer name lo1 && ip address add 10.99.0.2/24 dev lo0 && ip link set lo0 up && ip link set lo1 up'
  const pids = `-p ${scratch.file('pid')} -r ${scratch.file('vrrp-pid')}`
  const run = `exec keepalived -n -l -P -f ${scratch.file('keepalived.conf')} ${pids}`
  // A file for everybody, as a careless parent leaves one.
  const stray = openSync('/etc/passwd', 'r')
  const child = spawn('unshare', ['--net', 'sh', '-c', `${prepare} && ${run}`], {
    env: { ...process.env, ...UNSAFE },
    stdio: ['ignore', 'ignore', 'ignore', stray],
  })
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const ended = once(child, 'exit')
  for (const { name } of ACCOUNTS) await scratch.waitForLines(`keepalived-${name}`, 1)
  child.kill('SIGTERM')
  await ended
  return new Map(await Promise.all(ACCOUNTS.map(async ({ name }) => [name, await scratch.lines(`keepalived-${name}`)] as const)))
}

const comparedTest = whyUnavailable() === undefined ? rootTest : skipped()

function skipped(): typeof test.skip {
  console.warn(`the comparison of scripts with keepalived's is skipped: ${whyUnavailable()}`)
  return test.skip
}

comparedTest('a script finds itself as under keepalived, but for what is documented', async (t) => {
  const scratch = await Scratch.make(t)
  const script = await scratch.script('report', REPORT)
  const theirs = await underKeepalived(t, scratch, script)
  Object.assign(process.env, UNSAFE)
  t.teardown(() => {
    for (const name of Object.keys(UNSAFE)) Reflect.deleteProperty(process.env, name)
  })
  const runner = await openRunner(t)
  for (const { name, account } of ACCOUNTS) {
    const ids = await lookUpAccount(account, runner)
    if (typeof ids !== 'object') throw new Error(`this machine has no ${account.user}`)
    const file = scratch.file(`own-${name}`)
    t.deepEqual(await runner.run({ path: script, args: [file] }, ids, 60_000), { outcome: 'exited', code: 0 }, name)
    const own = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    const wanted = (theirs.get(name) ?? []).filter(isCompared)
    const missing = new Set(wanted)
    for (const line of own) missing.delete(line)
    const found = new Set(own.filter(isCompared))
    for (const line of wanted) found.delete(line)
    t.deepEqual({ added: [...found], missing: [...missing], count: own.length > 0 }, { added: [], missing: [], count: true }, name)
    t.deepEqual(
      own.filter((line) => /^(env (IFS|LD_LIBRARY_PATH)=|file )/.test(line)),
      ['file 0 /dev/null', 'file 1 /dev/null', 'file 2 /dev/null'],
      name,
    )
  }
})

function isCompared(line: string): boolean {
  return !DIFFERENT.some((pattern) => pattern.test(line))
}
