import colours from 'picocolors';
import { Failure } from '../domain/failure.ts';
import { JobFailure } from '../job/problem.ts';
import { printable } from './text.ts';

const colour = colours.createColors(process.stderr.isTTY && (process.env.NO_COLOR ?? '') === '');

/**
 * Whoever reads the output may go away (`| head`), and the disk under it be full: neither may break off a run midway, or
 * make its exit code say what is not so.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** The result, for people or scripts, on stdout. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/**
 * Indented for people on a terminal; elsewhere one line, as logs like it. What a terminal would act on is escaped: JSON
 * itself asks for that below a space only.
 */
export function printJson(value: unknown): void {
  const text = JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined);
  print(
    text.replace(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (character) =>
      Array.from({ length: character.length }, (_, at) => `\\u${unit(character.charCodeAt(at))}`).join(''),
    ),
  );
}

function unit(code: number): string {
  return code.toString(16).padStart(4, '0');
}

/** How this program was called, for the next command that it proposes. */
export function commandName(): string {
  const { npm_command: command, npm_lifecycle_event: script } = process.env;
  if (command === 'exec') return 'npx rollcall';
  return command === 'run-script' && script === 'rollcall' ? 'npm run rollcall --' : 'rollcall';
}

/** The last line on stderr: whether anything was written, whether it is safe to run again, and the next command. */
export function close(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

/** A known trouble in a message and a hint; a bug in its message, with its stack only when asked for. */
export function printTrouble(error: unknown): number {
  if (error instanceof Failure) {
    printFailure(error, null);
    close(closingOf(error.exit));
    return error.exit;
  }
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${colour.red('error')}  Something went wrong that rollcall did not expect: ${lines(text)}\n`,
  );
  if (process.env.ROLLCALL_DEBUG === '1' && error instanceof Error)
    process.stderr.write(`${error.stack ?? ''}\n`);
  close(
    'Please report this, with the output of the same command under ROLLCALL_DEBUG=1. Nothing was written.',
  );
  return 1;
}

/**
 * A known trouble in a message and a hint.
 * @param subject what it is about when there are several, such as a target's name
 */
export function printFailure(failure: Failure, subject: string | null): void {
  // Each problem of a job file has its own place and severity.
  const head = failure instanceof JobFailure ? '' : `${colour.red('error')}  `;
  const about = subject === null ? '' : `${printable(subject)}: `;
  process.stderr.write(`${head}${about}${lines(failure.message)}\n`);
  if (failure.hint !== null) process.stderr.write(`       ${lines(failure.hint)}\n`);
}

function closingOf(exit: number): string {
  switch (exit) {
    case 4:
      return 'Changes were written, or may have been. It is safe to run the same command again: it goes on from here.';
    case 5:
      return 'Nothing was written by this command. It is safe to run it again when the other run has ended.';
    case 75:
      return 'Nothing was written. The cause may pass: it is safe to run the same command again later.';
    default:
      return 'Nothing was written. Mend this first; then it is safe to run the same command again.';
  }
}

/** Keeps line ends, which our own messages have, and shows every other control character. */
export function lines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
