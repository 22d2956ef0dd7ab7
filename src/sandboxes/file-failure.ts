import { Failure } from '../domain/failure.ts';

/** The failure of a file that the sandbox was given and cannot use; `what` names its part, such as `users file`. */
export function fileFailure(
  what: string,
  path: string,
  problem: string,
  rest: { readonly hint?: string; readonly cause?: unknown } = {},
): Failure {
  return new Failure({
    code: 'SANDBOX_FILE',
    message: `${what} ${path}: ${problem}`,
    exit: 1,
    ...rest,
  });
}

/** The reason of a failed system call in words, without the path that the message names already. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder, not a file',
    ENOTDIR: 'a part of the path is not a folder',
    EACCES: 'permission denied',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
  };
  return words[code] ?? (code === '' ? 'it cannot be used' : `it cannot be used (${code})`);
}
