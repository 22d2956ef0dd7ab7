import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'vitest';
import type { ReportJson } from './sums.ts';
import { patient, readReport } from './world.ts';
import { mainFile } from '../program/main-file.ts';

/** Good enough for every vendor's rules, and with a comma, so that its cell is in quotes. */
const passwords = {
  created: 'Kestrel,4417-Open!x',
  refused: 'Heron,8823-Closed!x',
  quarantined: 'Avocet,3391-Ajar!x',
  ragged: 'Plover,5570-Bolted!x',
} as const;

interface Vendor {
  readonly target: object;
  readonly columns: object;
  /** The sandbox's name for the call that creates. */
  readonly create: string;
  /** What the request says of a password that the feed gives. */
  readonly said: (password: string) => object;
}

const vendors: Readonly<Record<string, Vendor>> = {
  'oracle-epm': {
    target: { welcomeMail: true },
    columns: { 'name.givenName': 'First', 'name.familyName': 'Last', roles: { value: 'Viewer' } },
    create: 'add',
    said: (password) => ({ password, resetpassword: false }),
  },
  'rsa-id-plus': {
    target: { omittedLists: 'kept' },
    columns: { 'name.givenName': 'First', 'name.familyName': 'Last' },
    create: 'create',
    said: (password) => ({
      password,
      passwordCreationOption: 'ENTERED_BY_ADMIN',
      passwordSendMethod: 'NONE',
    }),
  },
  'cloud-director': {
    target: { organisation: 'acme', flavour: 'vcd', providerType: 'LOCAL' },
    columns: { displayName: 'First', roles: { value: 'vApp User' } },
    create: 'create',
    said: (password) => ({ password, providerType: 'LOCAL' }),
  },
  vikingcloud: {
    target: { authenticator: 'portal', orgIds: ['acme'] },
    columns: { 'name.givenName': 'First', 'name.familyName': 'Last' },
    create: 'create',
    said: (password) => ({ password }),
  },
};

const row = (number: number, first: string, password: string, mail = `ada${number}@example.com`): string =>
  `E${number},ada.moreau${number},${first},Moreau,${mail},"${password}"`;

function feed(...rows: readonly string[]): string {
  return `ID,Login,First,Last,Mail,First Password\n${rows.join('\n')}\n`;
}

const firstFeed = feed(
  row(1, 'Ada', passwords.created),
  row(2, 'Ada', passwords.refused),
  row(3, 'Ada', passwords.quarantined, 'no-address'),
  `${row(4, 'Ada', passwords.ragged)},one cell too many`,
);

interface Ran {
  readonly code: number | null;
  readonly said: string;
  readonly report: ReportJson;
}

/** A folder with a job against the vendor's sandbox, and a proxy that keeps what is sent to it. */
class Scene implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-passwords-'));
  readonly sent: string[] = [];
  /** Called while a request is on its way. */
  onSent: (body: string) => void = () => undefined;
  readonly #proxy = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk: Buffer) => chunks.push(chunk));
    asked.on('end', () => {
      const body = Buffer.concat(chunks);
      this.sent.push(body.toString());
      this.onSent(body.toString());
      const { headers, method = 'GET' } = asked;
      const onward = forward(asked.url ?? '', { method, headers }, (given) => {
        answer.writeHead(given.statusCode ?? 500, given.headers);
        given.pipe(answer);
      });
      onward.end(body);
    });
  });

  static async open(id: string, vendor: Vendor): Promise<Scene> {
    const scene = new Scene();
    await new Promise<void>((listening) => scene.#proxy.listen(0, '127.0.0.1', listening));
    scene.#writeJob(id, vendor, `http://127.0.0.1:${(scene.#proxy.address() as AddressInfo).port}`);
    return scene;
  }

  #writeJob(id: string, { target, columns, create }: Vendor, proxy: string): void {
    const refusal = { errorcode: 'SANDBOX-4711', errormessage: `Too weak: ${passwords.refused} (policy).` };
    const rule = { match: { op: create, user: 'ada.moreau2' }, do: { refuse: refusal } };
    this.write('faults.json', JSON.stringify({ rules: [rule] }));
    const users = id === 'oracle-epm' ? {} : { users: resolve('fixtures', id, 'users.json') };
    const job = {
      name: 'joiners',
      ledger: 'ledger.db',
      feed: {
        path: 'hr.csv',
        columns: { externalId: 'ID', userName: 'Login', 'emails.work': 'Mail', ...columns },
        passwordColumn: 'First Password',
      },
      match: 'userName',
      target: {
        provider: id,
        sandbox: { ...users, journal: 'journal.ndjson', faults: 'faults.json' },
        http: { proxy },
        limits: { requestsPerSecond: 500 },
        ...target,
      },
      firstLoad: true,
    };
    this.write('job.yaml', JSON.stringify(job));
  }

  write(name: string, content: string): void {
    writeFileSync(join(this.folder, name), content);
  }

  async run(...args: readonly string[]): Promise<Ran> {
    const child = spawn(process.execPath, [mainFile, ...args, 'job.yaml', '--log-level', 'debug'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.folder, NO_COLOR: '1' },
    });
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    const [code] = (await once(child, 'close')) as [number | null];
    const latest = readdirSync(join(this.folder, 'runs')).sort().at(-1) ?? '';
    return { code, said, report: readReport(join(this.folder, 'runs', latest)) };
  }

  /** Files but the feed that hold one of the passwords, or what of it survives escaping. */
  leaks(): readonly string[] {
    const words = Object.values(passwords).flatMap((password) => password.split(','));
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !['hr.csv', 'faults.json'].includes(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => {
        const bytes = readFileSync(file);
        return words.some((word) => bytes.includes(word) || bytes.includes(Buffer.from(word, 'utf16le')));
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#proxy.closeAllConnections();
    await new Promise((closed) => this.#proxy.close(closed));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const anyPassword = /Kestrel|Heron|Avocet|Plover/;

describe.concurrent.each(Object.entries(vendors))('a first password for %s', patient, (id, vendor) => {
  it('is in the request that creates the user, and nowhere else', async ({ expect }) => {
    await using scene = await Scene.open(id, vendor);
    scene.write('hr.csv', firstFeed);
    const planned = await scene.run('plan');
    expect(planned.report.changes).toMatchObject({ total: 2, planned: 2 });
    expect(scene.leaks()).toEqual([]);
    expect(scene.sent.join('\n')).not.toMatch(anyPassword);

    const leaksUnderWay: string[] = [];
    scene.onSent = () => leaksUnderWay.push(...scene.leaks());
    const applied = await scene.run('apply');
    expect(applied.code).toBe(2);
    expect(applied.report.changes).toMatchObject({ total: 2, succeeded: 1, failed: 1 });
    expect(JSON.stringify(applied.report.failures)).toContain('Too weak: …');
    const creates = scene.sent.filter((body) => anyPassword.test(body));
    // Two requests may be under way at once, so either can arrive first.
    const first = creates.find((body) => body.includes(passwords.created));
    const { users: [user] = [] } = JSON.parse(first ?? '{}') as { readonly users?: readonly object[] };
    expect(user ?? JSON.parse(first ?? '{}')).toMatchObject(vendor.said(passwords.created));
    expect(creates.join('\n')).not.toMatch(/Avocet|Plover/);
    expect(leaksUnderWay).toEqual([]);
    expect(scene.leaks()).toEqual([]);
    expect(planned.said + applied.said).not.toMatch(anyPassword);
  });

  it('is not sent for somebody who exists, and is not needed', async ({ expect }) => {
    await using scene = await Scene.open(id, vendor);
    scene.write('hr.csv', feed(row(1, 'Ada', passwords.created)));
    expect((await scene.run('apply')).code).toBe(0);
    scene.sent.length = 0;
    scene.write('hr.csv', feed(row(1, 'Eve', passwords.created), row(5, 'Ada', '')));
    const next = await scene.run('apply');
    expect([next.code, next.report.changes.succeeded]).toEqual([0, 2]);
    expect(next.said).toContain('new users have no password in the feed');
    expect(scene.sent.join('\n')).not.toMatch(anyPassword);
  });
});

describe.concurrent('a feed that is replaced while the target is read', patient, () => {
  it('gives nobody a password, and nothing is written', async ({ expect }) => {
    const [[id, vendor] = []] = Object.entries(vendors);
    if (id === undefined || vendor === undefined) throw new Error('There is no vendor.');
    await using scene = await Scene.open(id, vendor);
    scene.write('hr.csv', feed(row(1, 'Ada', passwords.created)));
    scene.onSent = () => scene.write('hr.csv', feed(row(9, 'Ada', passwords.created)));
    const ran = await scene.run('apply');
    expect(ran.code).toBe(1);
    expect(ran.said).toContain('changed while it was read');
    expect(ran.report.changes).toMatchObject({ total: 1, notSent: 1, succeeded: 0 });
    expect(scene.sent.join('\n')).not.toMatch(anyPassword);
  });
});
