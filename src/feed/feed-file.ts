import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type BigIntStats, createWriteStream } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../domain/failure.ts';

const chunkBytes = 64 * 1024;

/** The feed on disk, and what it looked like when it was opened. */
export interface FeedFile {
  /** What people call it: the path in the job, or `-`. */
  readonly name: string;
  readonly path: string;
  /** True for a copy of standard input, which is removed once it has been read. */
  readonly spooled: boolean;
  readonly identity: FileIdentity;
}

/** What changes when a file is replaced, grows or is written to. */
interface FileIdentity {
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
 * Finds the feed. Standard input (`-`) is copied to a file first, readable by its owner only, since a feed is read
 * more than once.
 *
 * @throws Failure (exit 1) when there is no such file, or it is a directory or no plain file.
 */
export async function findFeedFile(
  name: string,
  options: { readonly stdin?: Readable; readonly spoolDirectory?: string },
): Promise<FeedFile> {
  if (name !== '-') return { name, path: name, spooled: false, identity: await identify(name) };
  const path = await spool(options.stdin ?? process.stdin, options.spoolDirectory ?? tmpdir());
  return { name, path, spooled: true, identity: await identify(path) };
}

/** Removes the copy of standard input; leaves every other feed where it is. */
export async function discardFeedFile(file: FeedFile): Promise<void> {
  if (file.spooled) await rm(file.path, { force: true });
}

/**
 * The file's bytes, noted in the tally.
 *
 * @throws Failure (exit 1) when the file cannot be read, or is another one at the end than it was when found.
 */
export async function* readBytes(file: FeedFile, tally: ByteTally): AsyncGenerator<Buffer> {
  const handle = await open(file.path, 'r').catch((error: unknown) => {
    throw unreadable(file.path, error);
  });
  try {
    const stream = handle.createReadStream({ highWaterMark: chunkBytes, autoClose: false });
    for await (const chunk of stream) {
      const bytes: Buffer = chunk;
      tally.hash.update(bytes);
      tally.bytes += bytes.length;
      yield bytes;
    }
    const read = identityOf(await handle.stat({ bigint: true }));
    const found = await identify(file.path);
    if (!same(read, file.identity) || !same(found, file.identity)) throw changed(file.name);
  } finally {
    await handle.close();
  }
}

async function spool(stdin: Readable, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `stdin-${randomUUID()}.feed`);
  await pipeline(stdin, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  return path;
}

async function identify(path: string): Promise<FileIdentity> {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (found.isDirectory()) {
    throw new Failure({
      code: 'FEED_DIRECTORY',
      exit: 1,
      message: `The feed ${path} is a directory.`,
      hint: 'Name a file in feed.path.',
    });
  }
  if (!found.isFile()) {
    throw new Failure({
      code: 'FEED_UNREADABLE',
      exit: 1,
      message: `The feed ${path} is not a plain file.`,
      hint: 'Set feed.path to "-" and pipe the feed in.',
    });
  }
  return identityOf(found);
}

function identityOf(stats: BigIntStats): FileIdentity {
  return { device: stats.dev, inode: stats.ino, bytes: stats.size, modifiedNs: stats.mtimeNs };
}

function same(one: FileIdentity, other: FileIdentity): boolean {
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
