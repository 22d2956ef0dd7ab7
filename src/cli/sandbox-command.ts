import { once } from 'node:events';
import { Failure } from '../domain/failure.ts';

export interface SandboxFlags {
  readonly port: number;
  readonly users?: string;
  readonly journal?: string;
  readonly faults?: string;
  readonly rate?: string;
  readonly whileStdin?: boolean;
}

/** Serves a sandbox until it is told to stop; says where it listens in one JSON line on stdout. */
export async function sandboxCommand(provider: string, flags: SandboxFlags): Promise<number> {
  const { ROLLCALL_SANDBOX_USER: username, ROLLCALL_SANDBOX_PASSWORD: password } = process.env;
  // No other command loads a server.
  const { startSandbox } = await import('../sandboxes/start-sandbox.ts');
  const sandbox = await startSandbox({
    provider,
    port: flags.port,
    users: flags.users ?? null,
    journal: flags.journal ?? null,
    faults: flags.faults ?? null,
    ratePerSecond: flags.rate === undefined ? null : rateOf(flags.rate),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  });
  const ready = {
    provider,
    baseUrl: sandbox.baseUrl,
    pid: sandbox.pid,
    username: sandbox.username,
    journal: flags.journal ?? null,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  const stops = [once(process, 'SIGINT'), once(process, 'SIGTERM')];
  if (flags.whileStdin === true) stops.push(once(process.stdin.resume(), 'end'));
  await Promise.race(stops);
  await sandbox.close();
  // An input that is still open would keep the process alive.
  process.stdin.destroy();
  return 0;
}

function rateOf(text: string): number {
  const match = /^([1-9][0-9]{0,5})\/s$/.exec(text);
  if (match === null) {
    throw new Failure({
      code: 'BAD_RATE',
      message: `--rate ${text} is not a rate.`,
      hint: 'Give requests per second, such as --rate 20/s.',
      exit: 1,
    });
  }
  return Number(match[1]);
}
