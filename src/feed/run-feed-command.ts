import { spawn } from 'node:child_process';
import { Failure } from '../domain/failure.ts';
import type { Clock, FeedSource } from '../domain/settings.ts';

type CommandSource = Extract<FeedSource, { readonly kind: 'command' }>;

/** How the program ended: its status, or the signal that ended it, or why it could not be started. */
type Ended =
  | { readonly status: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly error: string };

/**
 * What a program writes to its standard output. It is run without a shell, with our environment, and nothing that it
 * writes to its standard error is kept or shown: that may hold personal data. Its output is no feed unless this ends
 * without a failure.
 *
 * @throws Failure: `FEED_COMMAND` (exit 1) for a program that cannot be started, ends with another status than 0 or by
 * a signal, or takes too long; `INTERRUPTED` (exit 75)
 */
export async function* runFeedCommand(
  { command, directory, timeoutMs }: CommandSource,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'ignore'],
    shell: false,
    windowsHide: true,
    // In a group of its own, so that what it starts ends with it.
    detached: process.platform !== 'win32',
  });
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ error: 'code' in error ? String(error.code) : 'unknown' }));
    child.once('close', (status, by) => resolve({ status, signal: by }));
  });
  const watch = new AbortController();
  let why: Failure | null = null;
  const stop = (failure: Failure): void => {
    why ??= failure;
    killGroup(child.pid);
    child.stdout.destroy();
  };
  const onAbort = (): void => stop(interrupted());
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  void clock.sleep(timeoutMs, watch.signal).then(
    () => stop(tooSlow(program, timeoutMs)),
    () => undefined,
  );
  try {
    for await (const chunk of readable(child.stdout)) yield chunk;
    const end = await ended;
    if (why !== null) throw why;
    requireSuccess(program, end);
  } finally {
    watch.abort();
    signal.removeEventListener('abort', onAbort);
    // Whoever stops reading, for too many bytes, leaves no program behind.
    if (child.exitCode === null && child.signalCode === null) killGroup(child.pid);
  }
}

/** The output; ends quietly when it is cut off, for how the program ended is asked anyway. */
async function* readable(output: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* output;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      throw error;
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function requireSuccess(program: string, end: Ended): void {
  if ('error' in end) {
    throw new Failure({
      code: 'FEED_COMMAND',
      exit: 1,
      message: `The command ${program} of the feed could not be started (${end.error}).`,
      hint: 'Check feed.command: the program and each argument are entries of their own, and no shell reads them.',
    });
  }
  if (end.status === 0) return;
  const how = end.status === null ? `was ended by ${end.signal}` : `ended with status ${end.status}`;
  throw new Failure({
    code: 'FEED_COMMAND',
    exit: 1,
    message: `The command ${program} of the feed ${how}, so nothing that it wrote was used.`,
    hint: 'Run it by hand to see what it says; its messages are not shown here, for they may hold personal data.',
  });
}

function tooSlow(program: string, timeoutMs: number): Failure {
  return new Failure({
    code: 'FEED_COMMAND',
    exit: 1,
    message: `The command ${program} of the feed did not end within ${timeoutMs / 1_000} s, and was ended.`,
    hint: 'Run it by hand to see why; if it needs the time, raise feed.commandTimeout.',
  });
}

function interrupted(): Failure {
  return new Failure({
    code: 'INTERRUPTED',
    message: 'The run was told to stop while the command of the feed was running.',
    hint: 'Run the same command again.',
    exit: 75,
  });
}
