import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { print, printTable, seconds } from '../bench/print.ts';
import { fastFolder } from './lanes.ts';
import { type Bug, bugs, type Check, checks } from './planted/bugs.ts';

/*
 *   npm run planted                     every bug, and what caught it
 *   npm run planted -- --only redirect  the bugs whose names have that word
 *
 * Plants one bug after the other in a copy of the program and its tests, and runs parts of the harness until one fails.
 */

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, lanes: { type: 'string', default: '4' } },
});
const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
const copied = ['src', 'test', 'jobs', 'fixtures', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const started = performance.now();
const chosen = bugs.filter(({ name }) => name.includes(values.only));
const { path: copy, remove } = fastFolder('planted');
const rows: (readonly string[])[] = [];
let missed = 0;
try {
  for (const name of copied) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // What fails without a bug has caught none.
  for (const check of new Set(chosen.flatMap((bug) => bug.checks))) {
    const said = await run(check);
    if (said !== null) throw new Error(`Nothing is planted, and ${check} fails: ${said}`);
  }
  print(`without a bug all checks pass, ${seconds(performance.now() - started)}`);
  for (const bug of chosen) {
    const began = performance.now();
    const caught = await plant(bug);
    if (caught === null) missed += 1;
    rows.push([bug.name, caught?.by ?? 'MISSED', caught?.said ?? '', seconds(performance.now() - began)]);
    print(`${bug.name}: ${caught?.by ?? 'MISSED'}`);
  }
} finally {
  remove();
}
printTable(['bug', 'caught by', 'what it said first', 'took'], rows);
print(`${chosen.length - missed} of ${chosen.length} caught, ${seconds(performance.now() - started)}`);
process.exitCode = missed === 0 ? 0 : 1;

async function plant(bug: Bug): Promise<{ readonly by: Check; readonly said: string } | null> {
  const before = new Map<string, string>();
  for (const { file, find, put } of bug.edits) {
    const path = join(copy, 'src', file);
    const text = readFileSync(path, 'utf8');
    if (!before.has(path)) before.set(path, text);
    if (text.split(find).length !== 2)
      throw new Error(`"${bug.name}" cannot be planted: its place in ${file} has changed`);
    writeFileSync(
      path,
      text.replace(find, () => put),
    );
  }
  try {
    for (const by of bug.checks) {
      const said = await run(by);
      if (said !== null) return { by, said };
    }
    return null;
  } finally {
    for (const [path, text] of before) writeFileSync(path, text);
  }
}

/** What a check said when it failed; null when it passed. */
async function run(check: Check): Promise<string | null> {
  const [file, ...args] = checks[check];
  const isTest = file.endsWith('.test.ts');
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const script = ['test/harness/with-bundle.ts', file, ...args, '--lanes', values.lanes];
  const command = isTest ? [vitest, 'run', join('test', file)] : script;
  // Never the program of the suite that may have started this: the copy with the bug is meant.
  const { ROLLCALL_TEST_PROGRAM: _, ...env } = process.env;
  const child = spawn(process.execPath, command, {
    cwd: copy,
    env: { ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return null;
  const lines = output.split('\n').filter((line) => /seed|kill|pair|EARLY|FAIL|Error/.test(line));
  return (lines[0] ?? output.slice(0, 100)).trim().slice(0, 90);
}
