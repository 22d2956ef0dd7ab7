import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Failure } from '../domain/failure.ts';
import type { Job } from '../job/job.ts';

export interface SandboxProcess {
  readonly baseUrl: string;
  /** The sandbox's own credentials, by the references under which a job without `auth` asks for them. */
  readonly secrets: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Starts `rollcall sandbox` beside the run. What it accepted is kept in its journal, by default beside the ledger, so
 * that the next run finds the users as this one left them.
 */
export async function startSandboxProcess(
  job: Job,
  settings: NonNullable<Job['target']['sandbox']>,
): Promise<SandboxProcess> {
  const provider = job.target.provider.id;
  const journal =
    settings.journal ??
    path.join(path.dirname(job.ledger), 'sandbox', `${job.name}.${provider}.journal.ndjson`);
  await mkdir(path.dirname(journal), { recursive: true, mode: 0o700 });
  const password = randomBytes(18).toString('base64url');
  const args = [mainFile(), 'sandbox', provider, '--while-stdin', '--port', '0', '--journal', journal];
  if (settings.users !== null) args.push('--users', settings.users);
  if (settings.faults !== null) args.push('--faults', settings.faults);
  if (settings.ratePerSecond !== null) args.push('--rate', `${settings.ratePerSecond}/s`);
  const child = spawn(process.execPath, args, {
    // Its input is a pipe that closes with this process, by which it knows that nobody needs it any more.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ROLLCALL_SANDBOX_USER: 'admin', ROLLCALL_SANDBOX_PASSWORD: password },
  });
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = `${complaint}${chunk.toString()}`.slice(-2_000);
  });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    exited.then(() => null),
  ]);
  if (line === null) {
    throw new Failure({
      code: 'SANDBOX_NOT_STARTED',
      message: `The sandbox of ${provider} did not start. ${complaint.trim()}`.trim(),
      hint: `Start it by hand to see why: rollcall sandbox ${provider}`,
      exit: 1,
    });
  }
  const ready = JSON.parse(line) as { readonly baseUrl: string };
  return {
    baseUrl: ready.baseUrl,
    secrets: { 'env:ROLLCALL_SANDBOX_USER': 'admin', 'env:ROLLCALL_SANDBOX_PASSWORD': password },
    close: async () => {
      lines.close();
      child.stdin.end();
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** The program's entry, as source or as built: this file's neighbour two folders up. */
function mainFile(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../main.${extension}`, import.meta.url));
}
