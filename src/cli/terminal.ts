import { hostname, userInfo } from 'node:os';
import cliProgress from 'cli-progress';
import pino from 'pino';
import pretty from 'pino-pretty';
import { systemClock } from '../http/clock.ts';
import type { Log, Progress, World } from '../run/world.ts';

/** Every field that may stand in a log line: whatever else somebody passes never leaves the process. */
const logged = [
  'run',
  'job',
  'provider',
  'origin',
  'method',
  'path',
  'status',
  'attempt',
  'durationMs',
  'count',
  'guard',
  'code',
] as const;

export interface TerminalOptions {
  /** pino's levels; `warn` on a terminal and `info` elsewhere when null. */
  readonly logLevel: string | null;
  readonly quiet: boolean;
}

/** The real world of a command: clock, log on stderr, progress bar on a terminal, signals. */
export function openWorld(options: TerminalOptions): World & { close(): void } {
  const stopping = new AbortController();
  const stop = (): void => {
    // A second signal means now.
    if (stopping.signal.aborted) process.exit(4);
    stopping.abort(new Error('told to stop'));
    if (process.stderr.isTTY) {
      process.stderr.write('\nstopping: nothing more is sent; once more to end at once\n');
    }
  };
  // A terminal that closes is told twice, by the kernel and by the shell: only somebody's second signal means now.
  const hangUp = (): void => {
    if (!stopping.signal.aborted) stop();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', hangUp);
  return {
    clock: systemClock,
    random: Math.random,
    log: openLog(options),
    progress: process.stderr.isTTY && !options.quiet ? barProgress() : noProgress,
    stdin: process.stdin,
    signal: stopping.signal,
    operator: userInfo().username,
    host: hostname(),
    pid: process.pid,
    trigger: process.env.ROLLCALL_TRIGGER ?? (process.stdin.isTTY ? 'terminal' : 'unattended'),
    ledgerThread: true,
    close: () => {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      process.off('SIGHUP', hangUp);
    },
  };
}

function openLog(options: TerminalOptions): Log {
  const level = options.logLevel ?? (process.stderr.isTTY ? 'warn' : 'info');
  const destination = process.stderr.isTTY
    ? pretty({
        destination: 2,
        sync: true,
        colorize: colours(),
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss',
      })
    : pino.destination({ dest: 2, sync: true }).on('error', () => undefined);
  const log = pino({ level, base: null }, destination);
  // Whoever asks for a level wants to see the log as it is.
  const isForPeople = process.stderr.isTTY && options.logLevel === null;
  const write =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (facts: Parameters<Log['info']>[0], message: string): void => {
      if (isForPeople && facts.saidAnyway === true) return;
      log[name](
        Object.fromEntries(logged.flatMap((field) => (field in facts ? [[field, facts[field]]] : []))),
        message,
      );
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function colours(): boolean {
  return process.stderr.isTTY && (process.env.NO_COLOR ?? '') === '';
}

const noProgress: Progress = {
  stage: () => undefined,
  sending: () => undefined,
  sent: () => undefined,
  end: () => undefined,
};

function barProgress(): Progress {
  let bar: cliProgress.SingleBar | null = null;
  let stageShown = false;
  const end = (): void => {
    if (stageShown) process.stderr.write('\r\u001b[K');
    stageShown = false;
    bar?.stop();
    bar = null;
  };
  return {
    stage: (name) => {
      end();
      process.stderr.write(`${name} …`);
      stageShown = true;
    },
    sending: (total) => {
      end();
      if (total === 0) return;
      bar = new cliProgress.SingleBar({
        format: 'sending {bar} {value}/{total} changes, {eta_formatted} left',
        stream: process.stderr,
        hideCursor: true,
        clearOnComplete: true,
        barsize: 30,
      });
      bar.start(total, 0);
    },
    sent: (changes) => bar?.increment(changes),
    end,
  };
}
