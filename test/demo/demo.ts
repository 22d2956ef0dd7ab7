/*
 * `npm run demo`: two days of an HR export against a sandbox of Oracle EPM, then the example job of each other provider
 * against its own. Everything below is the real program, started as anybody starts it: this file only lays the export
 * of the day into the inbox, types the commands, and checks the exit codes, and what the sandbox wrote down, against
 * what should have happened.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { providers } from '../../src/providers/registry.ts';
import { mainFile } from '../program/main-file.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
/** Folder with `jobs` and `fixtures`; everything the demo writes goes below it. */
const root = path.resolve(process.argv[2] ?? project);
const job = 'jobs/demo-epm.yaml';
const inbox = path.join(root, '.rollcall/demo/inbox/hr.csv');
const epm: Stage = {
  folder: root,
  journal: path.join(root, '.rollcall/demo/sandbox/demo-epm.oracle-epm.journal.ndjson'),
  runs: path.join(root, 'runs/demo'),
};

/** The providers that are shown after Oracle EPM. */
const others = Object.keys(providers).filter((id) => id !== 'oracle-epm');

type Print = (text: string) => unknown;

/** Where a job runs, and where its sandbox and its runs write. */
interface Stage {
  readonly folder: string;
  readonly journal: string;
  readonly runs: string;
}

interface Command {
  readonly why: string;
  readonly args: readonly string[];
  readonly exit: number;
  /** Whether the sandbox may have written anything. */
  readonly writes: boolean;
}

interface Ran {
  /** Folder of the run's report, relative to the project; null for a command that makes none. */
  readonly report: string | null;
  /** Logins of which the sandbox accepted a write meanwhile. */
  readonly written: ReadonlySet<string>;
}

const wrong: string[] = [];

async function main(): Promise<void> {
  clean();
  say('Day 1. HR exports 397 rows; EPM has four accounts that are not in them. Six rows are no good.');
  layExport('hr-day-1.csv');
  await run({ why: 'Is the job file sound?', args: ['validate', job], exit: 0, writes: false });
  await run({
    why: 'What would happen? Exit 2: the plan stands, and rows were set aside.',
    args: ['plan', job, '--limit', '3'],
    exit: 2,
    writes: false,
  });
  const first = await run({ why: 'Do it.', args: ['apply', job], exit: 2, writes: true });
  compareWithJournal(first);

  say(
    'Day 2. People joined, moved, married and left; nine are simply gone from the export. Five rows are no good.',
  );
  layExport('hr-day-2.csv');
  await run({ why: 'What would happen?', args: ['plan', job, '--limit', '16'], exit: 2, writes: false });
  const second = await run({
    why: 'Do it. The sandbox refuses five people, asks once to slow down, and loses one answer on the way.',
    args: ['apply', job],
    exit: 2,
    writes: true,
  });
  compareWithJournal(second);
  await run({
    why: 'Again, with the same export: only what was refused is tried again, and nothing else is sent.',
    args: ['apply', job],
    exit: 2,
    writes: false,
  });

  say('Day 3. The export broke off in the middle.');
  layHalfExport('hr-day-2.csv');
  await run({
    why: 'Half of the people are missing. Nobody loses an account by that: the run is held.',
    args: ['apply', job],
    exit: 3,
    writes: false,
  });
  await run({ why: 'What happened so far?', args: ['runs', '--job', job], exit: 0, writes: false });

  say(`The other providers, each with its example job and its own sandbox: ${others.join(', ')}.`);
  // All at once, for they have nothing in common; what each prints is shown when its turn comes.
  const shows = others.map(async (id) => {
    const shown: string[] = [];
    await showProvider(id, (text) => shown.push(text));
    return shown.join('');
  });
  for (const text of shows) show(await text);
  end(second);
}

/** Plans and applies the provider's example job, in a folder of its own, so that it begins with nothing. */
async function showProvider(id: string, print: Print): Promise<void> {
  const folder = path.join(root, '.rollcall/demo', id);
  const file = `jobs/${id}.yaml`;
  for (const needed of [file, `fixtures/${id}`]) {
    cpSync(path.join(root, needed), path.join(folder, needed), { recursive: true });
  }
  const { name } = parse(readFileSync(path.join(folder, file), 'utf8')) as { readonly name: string };
  const stage: Stage = {
    folder,
    journal: path.join(folder, `.rollcall/sandbox/${name}.${id}.journal.ndjson`),
    runs: path.join(folder, 'runs', id),
  };
  const step = (why: string, verb: 'plan' | 'apply'): Promise<Ran> => {
    const args = verb === 'plan' ? [verb, file, '--limit', '2'] : [verb, file];
    return carryOut({ why: `${id}: ${why}`, args, exit: 0, writes: verb === 'apply' }, stage, print);
  };
  await step('what would happen?', 'plan');
  compareWithJournal(await step('do it.', 'apply'), print);
  const again =
    'again. Nothing is sent but for leavers: the first run only got to know whose accounts they are.';
  compareWithJournal(await step(again, 'apply'), print);
}

function clean(): void {
  rmSync(path.join(root, '.rollcall/demo'), { recursive: true, force: true });
  rmSync(epm.runs, { recursive: true, force: true });
  mkdirSync(path.dirname(inbox), { recursive: true });
}

function layExport(name: string): void {
  copyFileSync(path.join(root, 'fixtures/demo', name), inbox);
}

function layHalfExport(name: string): void {
  const whole = readFileSync(path.join(root, 'fixtures/demo', name));
  writeFileSync(inbox, whole.subarray(0, Math.floor(whole.length / 2)));
}

function run(command: Command): Promise<Ran> {
  return carryOut(command, epm, null);
}

/** Types a command and checks how it ended. `print` takes what it shows; null: it shows it as it comes. */
async function carryOut(command: Command, stage: Stage, print: Print | null): Promise<Ran> {
  const { why, args, exit, writes } = command;
  const write = print ?? show;
  const where = path.relative(root, stage.folder);
  write(`\n── ${why}\n${where === '' ? '' : `${where} `}$ rollcall ${args.join(' ')}\n\n`);
  const reportsBefore = new Set(reportFolders(stage));
  const linesBefore = journalLines(stage).length;
  const child = spawn(process.execPath, [mainFile, ...args], {
    cwd: stage.folder,
    stdio: print === null ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', write);
  const [code] = (await once(child, 'close')) as [number | null];
  write(`\n[exit ${code}]\n`);
  if (code !== exit) wrong.push(`rollcall ${args.join(' ')} ended with exit ${code}, not ${exit}.`);
  const written = acceptedLogins(journalLines(stage).slice(linesBefore));
  if (!writes && written.size > 0) wrong.push(`rollcall ${args.join(' ')} wrote ${written.size} users.`);
  const report = reportFolders(stage).find((folder) => !reportsBefore.has(folder)) ?? null;
  return {
    report: report === null ? null : path.relative(root, path.join(stage.runs, report)),
    written,
  };
}

/** The sandbox keeps its own record: whom it changed must be whom the report calls a success. */
function compareWithJournal({ report, written }: Ran, print: Print = show): void {
  const file = path.join(root, report ?? '', 'report.json');
  if (report === null || !existsSync(file)) {
    wrong.push('An apply left no report.');
    return;
  }
  const { changes } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly changes: { readonly succeeded: number };
  };
  const sentence = `${changes.succeeded} ${changes.succeeded === 1 ? 'person' : 'people'} by the report, ${written.size} by the sandbox's own journal`;
  print(`Changed: ${sentence}.\n`);
  if (changes.succeeded !== written.size) wrong.push(`The report and the journal differ: ${sentence}.`);
}

function reportFolders({ runs }: Stage): readonly string[] {
  return existsSync(runs) ? readdirSync(runs) : [];
}

function journalLines({ journal }: Stage): readonly string[] {
  const text = existsSync(journal) ? readFileSync(journal, 'utf8') : '';
  return text.split('\n').filter((line) => line !== '');
}

function acceptedLogins(lines: readonly string[]): ReadonlySet<string> {
  const entries = lines.map((line) => JSON.parse(line) as { readonly key: string; readonly status: string });
  return new Set(
    entries.filter((entry) => entry.status === 'accepted').map((entry) => entry.key.toLowerCase()),
  );
}

function say(text: string): void {
  show(`\n━━ ${text}\n`);
}

function show(text: string): void {
  process.stdout.write(text);
}

function end({ report }: Ran): void {
  for (const trouble of wrong) process.stderr.write(`demo  ${trouble}\n`);
  if (wrong.length > 0) {
    process.exitCode = 1;
    return;
  }
  say('Every command ended as it should. Now look at:');
  process.stdout.write(
    [
      `${report}/report.html   day 2 for people; open it in a browser`,
      `${report}/results.csv   every change and what became of it`,
      `${report}/rejects.csv   the rows to mend, with their reasons`,
      `${job}   the job file, with comments`,
      ...others.map((id) => `jobs/${id}.yaml   a job for ${id}`),
      '',
    ].join('\n'),
  );
}

await main();
