import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';

/** More than any key or bundle of certificates needs. */
const secretBytesMax = 4 * 1024 * 1024;

/**
 * The secret behind `env:NAME` or `file:PATH`, read anew; a relative path starts from `directory`, and one
 * newline at the end of a file is left out. A missing or empty one is a Failure that names the variable or the
 * file, never a value.
 */
export async function readSecret(reference: string, directory: string): Promise<string> {
  const [, kind, name] = /^(env|file):(.+)$/s.exec(reference) ?? [];
  if (kind === undefined || name === undefined) {
    throw secretFailure(
      'A secret is given as text, not as a reference.',
      'Write `env:NAME` or `file:PATH` in the job file.',
    );
  }
  return kind === 'env' ? readVariable(name) : readSecretFile(resolve(directory, name));
}

function readVariable(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  const state = value === undefined ? 'is not set' : 'is empty';
  throw secretFailure(
    `The variable ${name}, which the job file refers to, ${state}.`,
    `Set ${name} and run again.`,
  );
}

async function readSecretFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const message = `The secret file ${path} cannot be read (${cause.code ?? 'unknown error'}).`;
    throw secretFailure(message, 'Check its path, relative to the job file, and its permissions.');
  });
  if (bytes.length > secretBytesMax) {
    throw secretFailure(
      `The secret file ${path} is larger than 4 MiB.`,
      'Refer to the file that holds only the secret.',
    );
  }
  const value = bytes.toString('utf8').replace(/\r?\n$/, '');
  if (value !== '') return value;
  throw secretFailure(`The secret file ${path} is empty.`, 'Write the secret into it and run again.');
}

function secretFailure(message: string, hint: string): Failure {
  return new Failure({ code: 'SECRET_MISSING', message, hint, exit: 1 });
}
