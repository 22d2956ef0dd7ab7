import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Report } from '../../src/report/report.ts';
import { patient } from './world.ts';
import { mainFile } from '../program/main-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rollcall-swaps-'));
  mkdirSync(path.join(folder, 'inbox'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const job = `
name: swaps
ledger: ledger.db
feed:
  path: inbox/hr.csv
  columns: { externalId: Id, userName: Login, name.familyName: Name }
match: userName
target:
  provider: scim
  sandbox: { journal: journal.ndjson }
  limits: { requestsPerSecond: 500 }
firstLoad: true
guards: { updates: 10, keyChanges: 10, attributes: 10 }
report: { directory: runs }
`;

function apply(logins: readonly string[]): { readonly code: number | null; readonly report: Report } {
  const rows = logins.map((login, index) => `E${index + 1},${login}@example.com,Name ${index + 1}`);
  writeFileSync(path.join(folder, 'inbox', 'hr.csv'), `Id,Login,Name\n${rows.join('\n')}\n`);
  writeFileSync(path.join(folder, 'job.yaml'), job);
  const ran = spawnSync(process.execPath, [mainFile, 'apply', 'job.yaml', '--json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (ran.stdout === '') throw new Error(ran.stderr);
  return { code: ran.status, report: Report.parse(JSON.parse(ran.stdout)) };
}

/** The logins that each person had one after the other, as the sandbox took them; throws when it refused a write. */
function history(): Readonly<Record<string, readonly string[]>> {
  const byPerson: Record<string, string[]> = {};
  for (const line of readFileSync(path.join(folder, 'journal.ndjson'), 'utf8').trim().split('\n')) {
    const { status, after } = JSON.parse(line) as {
      status: string;
      after: Readonly<Record<string, unknown>>;
    };
    if (status !== 'accepted') throw new Error(line);
    const person = String(after.externalId);
    byPerson[person] = [...(byPerson[person] ?? []), String(after.userName)];
  }
  return byPerson;
}

it('exchanges logins and passes them on in a service that refuses those of others', patient, () => {
  expect(apply(['ada', 'bob', 'cem', 'dan']).code).toBe(0);
  const second = apply(['bob', 'ada', 'dan', 'eve']);
  expect(second.report.changes).toMatchObject({ total: 4, succeeded: 4 });
  const temporary = expect.stringMatching(/^rollcall-[0-9a-f]{10}@example\.com$/);
  expect(history()).toEqual({
    E1: ['ada@example.com', temporary, 'bob@example.com'],
    E2: ['bob@example.com', 'ada@example.com'],
    E3: ['cem@example.com', 'dan@example.com'],
    E4: ['dan@example.com', 'eve@example.com'],
  });
  expect(apply(['bob', 'ada', 'dan', 'eve']).report.changes.total).toBe(0);
});
