import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Report } from '../../src/report/report.ts';
import { mainFile } from '../program/main-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rollcall-managers-'));
  mkdirSync(path.join(folder, 'inbox'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const job = `
name: managers
ledger: ledger.db
feed:
  path: inbox/hr.csv
  columns:
    externalId: Id
    userName: Login
    name.familyName: Name
    emails.work: Email
    manager: Manager
match: userName
target:
  provider: scim
  sandbox: { journal: journal.ndjson }
  limits: { requestsPerSecond: 500 }
firstLoad: true
report: { directory: runs }
`;

function feed(rows: readonly (readonly [id: string, manager: string])[]): void {
  const lines = rows.map(
    ([id, manager]) => `${id},${id}@example.com,Name ${id},${id}@example.com,${manager}`,
  );
  writeFileSync(path.join(folder, 'inbox', 'hr.csv'), `Id,Login,Name,Email,Manager\n${lines.join('\n')}\n`);
}

function apply(): { readonly code: number | null; readonly report: Report; readonly stderr: string } {
  writeFileSync(path.join(folder, 'job.yaml'), job);
  const ran = spawnSync(process.execPath, [mainFile, 'apply', 'job.yaml', '--json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (ran.stdout === '') throw new Error(ran.stderr);
  return { code: ran.status, report: Report.parse(JSON.parse(ran.stdout)), stderr: ran.stderr };
}

/** Everybody's manager in the service, by login: read from what the sandbox wrote down. */
function managers(): Readonly<Record<string, string>> {
  const users = new Map<string, { readonly id: string; readonly manager: string }>();
  for (const line of readFileSync(path.join(folder, 'journal.ndjson'), 'utf8').trim().split('\n')) {
    const { after } = JSON.parse(line) as { after: Record<string, unknown> | null };
    if (typeof after?.userName !== 'string') continue;
    const manager = /"manager":\{"value":"([^"]+)"/.exec(JSON.stringify(after))?.[1] ?? '';
    users.set(after.userName, { id: String(after.id), manager });
  }
  const loginOf = (id: string): string => [...users].find(([, user]) => user.id === id)?.[0] ?? id;
  return Object.fromEntries([...users].map(([login, { manager }]) => [login, loginOf(manager)]));
}

const login = (id: string): string => `${id}@example.com`;

describe('managers', () => {
  it('are set after all have been created, in whatever order the feed names them', () => {
    feed([
      ['a', 'b'],
      ['b', 'c'],
      ['c', ''],
      ['d', 'e'],
      ['e', 'd'],
    ]);
    const first = apply();
    expect(first.code).toBe(0);
    expect(first.report.changes).toMatchObject({ total: 5, succeeded: 5 });
    expect(managers()).toEqual({
      [login('a')]: login('b'),
      [login('b')]: login('c'),
      [login('c')]: '',
      [login('d')]: login('e'),
      [login('e')]: login('d'),
    });
    const second = apply();
    expect([second.code, second.report.changes.total]).toEqual([0, 0]);
  });

  it('who are new are set for people who were there before', () => {
    feed([['a', '']]);
    apply();
    feed([
      ['a', 'z'],
      ['z', ''],
    ]);
    const ran = apply();
    expect(ran.report.byOperation).toMatchObject({ create: { succeeded: 1 }, update: { succeeded: 1 } });
    expect(managers()[login('a')]).toBe(login('z'));
    expect(apply().report.changes.total).toBe(0);
  });

  it('whom nobody knows leave the old value, are counted, and the row goes on', () => {
    feed([
      ['a', 'b'],
      ['b', ''],
    ]);
    apply();
    feed([
      ['a', 'nobody'],
      ['b', ''],
    ]);
    const ran = apply();
    expect([ran.code, ran.report.changes.total]).toEqual([0, 0]);
    expect(ran.report.references.unresolved).toBe(1);
    expect(managers()[login('a')]).toBe(login('b'));
  });
});
