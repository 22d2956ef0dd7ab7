import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { mainFile } from '../program/main-file.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rollcall-exported-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ines = '2b0a8f0e-31a1-4f0f-9c39-000000000001';
const omar = '2b0a8f0e-31a1-4f0f-9c39-000000000002';

function write(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

/** A tenant that clears the lists which an update leaves out, so that only whoever knows them may update. */
function prepare(state: string): void {
  const user = (id: string, userName: string, groups: readonly string[]) => ({
    id,
    userName,
    firstName: 'Old',
    lastName: 'Name',
    email: `${userName}@example.com`,
    groupMemberships: groups,
  });
  const users = [user(ines, 'ines.varga', ['VPN']), user(omar, 'omar.haddad', [])];
  write('users.json', JSON.stringify({ omittedLists: 'kept', groups: ['VPN'], users }));
  write('hr.csv', 'Id,Login,First,Last,Email\nE1,ines.varga,Ines,Name,ines.varga@example.com\n');
  write(
    'job.yaml',
    `
name: rsa
ledger: ledger.db
feed:
  path: hr.csv
  columns: { externalId: Id, userName: Login, name.givenName: First, name.familyName: Last, emails.work: Email }
match: userName
state: ${state}
target:
  provider: rsa-id-plus
  omittedLists: kept
  sandbox: { users: users.json, journal: journal.ndjson }
  limits: { requestsPerSecond: 200 }
report: { directory: runs }
`,
  );
}

function apply(): { readonly code: number | null; readonly report: Report | null; readonly stderr: string } {
  const ran = spawnSync(process.execPath, [mainFile, 'apply', 'job.yaml', '--json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: ran.status, report: ran.stdout === '' ? null : JSON.parse(ran.stdout), stderr: ran.stderr };
}

function journal(): readonly {
  readonly op: string;
  readonly after: { readonly id: string; readonly firstName: string };
}[] {
  const file = path.join(folder, 'journal.ndjson');
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
}

describe('state from an exported file', () => {
  it("takes the target's own ids from a column, and counts whoever the feed does not name as unmanaged", () => {
    prepare('{ from: file, path: export.csv, idColumn: User ID }');
    write(
      'export.csv',
      'User ID,Login,First,Last,Email\n' +
        `${ines},ines.varga,Old,Name,ines.varga@example.com\n${omar},omar.haddad,Old,Name,omar.haddad@example.com\n`,
    );
    const { code, report } = apply();
    expect([code, report?.changes.succeeded, report?.users]).toEqual([0, 1, { managed: 1, unmanaged: 1 }]);
    expect(journal()).toMatchObject([{ op: 'update', after: { id: ines, firstName: 'Ines' } }]);
  });

  it('without the column says how to name it, and writes nothing', () => {
    prepare('{ from: file, path: export.csv }');
    write('export.csv', 'Login,First,Last,Email\nines.varga,Old,Name,ines.varga@example.com\n');
    const { code, stderr } = apply();
    expect(code).toBe(1);
    expect(stderr).toMatch(/export\.csv:2: .*id in the target/);
    expect(stderr).toContain('state.idColumn');
    expect(journal()).toEqual([]);
  });

  it('has all users of the file, whatever the job asks of the rows of its feed', () => {
    prepare('{ from: file, path: export.csv, idColumn: User ID }');
    const job = readFileSync(path.join(folder, 'job.yaml'), 'utf8');
    write(
      'job.yaml',
      job
        .replace(
          'name.givenName: First',
          'name.givenName: { from: First, transform: { map: { ines: Ines } } }',
        )
        .replace('match:', '  where: [ { column: Site, is: HQ } ]\n  employment: { end: Until }\nmatch:'),
    );
    write(
      'hr.csv',
      'Id,Login,First,Last,Email,Site,Until\nE1,ines.varga,INES,Name,ines.varga@example.com,HQ,9999-12-31\n',
    );
    write(
      'export.csv',
      'User ID,Login,First,Last,Email\n' +
        `${ines},ines.varga,Old,Name,ines.varga@example.com\n${omar},omar.haddad,Old,Name,omar.haddad@example.com\n`,
    );
    const { code, report } = apply();
    expect([code, report?.changes.succeeded, report?.users]).toEqual([0, 1, { managed: 1, unmanaged: 1 }]);
  });

  it('with a row that lacks its id is no state', () => {
    prepare('{ from: file, path: export.csv, idColumn: User ID }');
    write('export.csv', 'User ID,Login,First,Last,Email\n,ines.varga,Old,Name,ines.varga@example.com\n');
    const { code, stderr } = apply();
    expect(code).toBe(1);
    expect(stderr).toMatch(/export\.csv:2/);
    expect(journal()).toEqual([]);
  });
});
