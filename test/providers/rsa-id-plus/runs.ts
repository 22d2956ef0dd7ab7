import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalLine } from './world.ts';
import { mainFile } from '../../program/main-file.ts';

export interface Counts {
  readonly succeeded: number;
  readonly failed: number;
}

export interface Report {
  readonly exitCode: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly users: { readonly managed: number; readonly unmanaged: number };
  readonly changes: Counts & Readonly<Record<string, number>>;
  readonly byOperation: Readonly<Record<'create' | 'update' | 'enable' | 'disable' | 'remove', Counts>>;
  readonly timing: { readonly requests: number };
  readonly failures: readonly {
    readonly errorCode: string | null;
    readonly providerCode: string | null;
    readonly message: string | null;
  }[];
}

export interface Ran {
  readonly report: Report;
  /** What this run added to the sandbox's journal. */
  readonly journal: readonly JournalLine[];
  readonly output: string;
}

/** A folder in which jobs run against `sandbox: true`, with the real command line. */
export class Runs {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollcall-rsa-e2e-'));

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** Text as it is, anything else as JSON, which is YAML too. */
  write(name: string, content: unknown): void {
    writeFileSync(this.path(name), typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** One run of the real program, with the faults of the day. */
  async apply(rules: readonly object[] = [], ...more: string[]): Promise<Ran> {
    this.write('faults.json', { rules });
    const journalBefore = this.#journal().length;
    const runsBefore = new Set(this.#runs());
    const child = spawn(process.execPath, [mainFile, 'apply', 'job.yaml', ...more], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.#folder, USER: 'tester', NO_COLOR: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    await once(child, 'close');
    const run = this.#runs().find((name) => !runsBefore.has(name));
    if (run === undefined) throw new Error(`The run left no report: ${output}`);
    const report = JSON.parse(readFileSync(this.path(`runs/${run}/report.json`), 'utf8')) as Report;
    return { report, journal: this.#journal().slice(journalBefore), output };
  }

  /** Forgets what the sandbox remembers, but not what rollcall does. */
  forgetSandbox(): void {
    rmSync(this.path('journal.ndjson'), { force: true });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #runs(): readonly string[] {
    return existsSync(this.path('runs')) ? readdirSync(this.path('runs')) : [];
  }

  #journal(): readonly JournalLine[] {
    if (!existsSync(this.path('journal.ndjson'))) return [];
    return readFileSync(this.path('journal.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JournalLine);
  }
}
