import { createHash, type Hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Failure } from '../domain/failure.ts';
import type { FeedLimits } from '../domain/settings.ts';
import { expandGzip } from './expand-gzip.ts';

const chunkBytes = 64 * 1024;

/** The feed on disk, and what it looked like when it was found. */
export interface FeedFile {
  /** What people call it: the path of the file, `-`, or the command. */
  readonly name: string;
  /** ISO 8601; null for what was no file, such as standard input. */
  readonly modifiedAt: string | null;
  readonly identity: FileIdentity;
  /** A private copy that has no name any more; null: the file is read where it lies. */
  readonly copy: FileHandle | null;
}

/** What changes when a file is replaced, grows or is written to. */
export interface FileIdentity {
  readonly device: bigint;
  readonly inode: bigint;
  readonly bytes: bigint;
  readonly modifiedNs: bigint;
}

/** Counts and hashes the raw bytes while they pass. */
export interface ByteTally {
  readonly hash: Hash;
  bytes: number;
}

export function newTally(): ByteTally {
  return { hash: createHash('sha256'), bytes: 0 };
}

/**
 * The file at this path, as it is now.
 *
 * @throws Failure (exit 1) when there is no such file, or it is a directory or no plain file
 */
export async function findFeedFile(path: string): Promise<FeedFile> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  requirePlainFile(path, found);
  return { name: path, modifiedAt: found.mtime.toISOString(), identity: identityOf(found), copy: null };
}

/**
 * What the feed says: the file's bytes, or what they expand to when they begin as gzip does. The tally is of the bytes
 * as they lie on disk, so that a hash in a manifest is that of the file.
 *
 * @throws Failure (exit 1): `FEED_TOO_LARGE`, `FEED_GZIP`, and what `readBytes` throws
 */
export async function* readContent(
  file: FeedFile,
  tally: ByteTally,
  limits: Pick<FeedLimits, 'fileBytes' | 'gzipRatio'>,
): AsyncGenerator<Buffer> {
  if (file.identity.bytes > limits.fileBytes) throw tooLarge(file.name, limits.fileBytes);
  let bytes = 0;
  for await (const chunk of expandGzip(readBytes(file, tally), limits.gzipRatio)) {
    bytes += chunk.length;
    if (bytes > limits.fileBytes) throw tooLarge(file.name, limits.fileBytes);
    yield chunk;
  }
}

/**
 * The file's bytes, noted in the tally.
 *
 * @throws Failure (exit 1) when the file cannot be read, or is another one at the end than it was when found.
 */
export async function* readBytes(file: FeedFile, tally: ByteTally): AsyncGenerator<Buffer> {
  if (file.copy !== null) {
    yield* streamOf(file.copy, tally);
    return;
  }
  await using handle = await open(file.name, 'r').catch((error: unknown) => {
    throw unreadable(file.name, error);
  });
  yield* streamOf(handle, tally);
  const read = identityOf(await handle.stat({ bigint: true }));
  if (!sameIdentity(read, file.identity) || !(await isUnchanged(file))) throw changed(file.name);
}

/** Whether the file of that name is still the one that was found. */
export async function isUnchanged(file: FeedFile): Promise<boolean> {
  const { identity } = await findFeedFile(file.name);
  return sameIdentity(identity, file.identity);
}

/** SHA-256 of the file's own bytes, in hex. */
export async function hashFeedFile(file: FeedFile): Promise<string> {
  const tally = newTally();
  for await (const _ of readBytes(file, tally));
  return tally.hash.digest('hex');
}

/** Read by position: several passes may share a handle, and a pass that ends early leaves it as it is. */
async function* streamOf(handle: FileHandle, tally: ByteTally): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const bytes = buffer.subarray(0, bytesRead);
    tally.hash.update(bytes);
    tally.bytes += bytesRead;
    yield bytes;
  }
}

function requirePlainFile(path: string, found: BigIntStats): void {
  if (found.isFile()) return;
  const isDirectory = found.isDirectory();
  throw new Failure({
    code: isDirectory ? 'FEED_DIRECTORY' : 'FEED_UNREADABLE',
    exit: 1,
    message: `The feed ${path} is ${isDirectory ? 'a directory' : 'not a plain file'}.`,
    hint: isDirectory
      ? 'Name a file in feed.path, or a pattern such as "inbox/*.csv".'
      : 'Set feed.path to "-" and pipe the feed in.',
  });
}

export function identityOf(stats: BigIntStats): FileIdentity {
  return { device: stats.dev, inode: stats.ino, bytes: stats.size, modifiedNs: stats.mtimeNs };
}

function sameIdentity(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.device === other.device &&
    one.inode === other.inode &&
    one.bytes === other.bytes &&
    one.modifiedNs === other.modifiedNs
  );
}

function unreadable(path: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new Failure({
      code: 'FEED_MISSING',
      exit: 1,
      message: `There is no feed at ${path}.`,
      hint: 'Check feed.path (a relative path is relative to the job file) and whether the file was delivered.',
      cause: error,
    });
  }
  return new Failure({
    code: 'FEED_UNREADABLE',
    exit: 1,
    message: `The feed ${path} cannot be read (${code}).`,
    hint: 'Check that the account running rollcall may read the file.',
    cause: error,
  });
}

function changed(name: string): Failure {
  return new Failure({
    code: 'FEED_CHANGED',
    exit: 1,
    message: `The feed ${name} changed while it was read.`,
    hint: 'Run again once it is completely delivered; deliver it under another name and rename it at the end.',
  });
}

export function tooLarge(name: string, bytesMax: number): Failure {
  return new Failure({
    code: 'FEED_TOO_LARGE',
    exit: 1,
    message: `The feed ${name} has more than ${bytesMax} bytes.`,
    hint: 'Look whether it is the right file; if it is, raise feed.limits.file in the job.',
  });
}
