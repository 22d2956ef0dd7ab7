import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FeedFile, identityOf, newTally, readBytes, tooLarge } from './feed-file.ts';

const suffix = '.spool';
/** A copy has a name for an instant only: one that is older was left by a run that was killed in it. */
const leftoverAgeMs = 60_000;

/** Where the bytes of a copy come from, and what is known of it. */
export interface SpoolInput {
  readonly name: string;
  readonly modifiedAt: string | null;
  /** So many bytes are kept at most. */
  readonly bytesMax: number;
}

/**
 * Copies bytes to a file of their own (0600) that has no name any more when the first byte is written: nobody else can
 * open it, and the system frees it with the process, however that ends. To be closed with `discardCopy`.
 *
 * @throws Failure (exit 1, `FEED_TOO_LARGE`), and whatever the bytes' source throws
 */
export async function spool(
  chunks: AsyncIterable<Buffer>,
  directory: string,
  { name, modifiedAt, bytesMax }: SpoolInput,
): Promise<FeedFile> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await sweepLeftovers(directory);
  const path = join(directory, `feed-${randomUUID()}${suffix}`);
  const copy = await open(path, 'wx+', 0o600);
  try {
    await rm(path);
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(name, bytesMax);
      await copy.writeFile(chunk);
    }
    return { name, modifiedAt, identity: identityOf(await copy.stat({ bigint: true })), copy };
  } catch (error) {
    await copy.close();
    throw error;
  }
}

/** A private copy of a file, which is checked not to have changed meanwhile. */
export function spoolFile(file: FeedFile, directory: string, bytesMax: number): Promise<FeedFile> {
  const { name, modifiedAt } = file;
  return spool(readBytes(file, newTally()), directory, { name, modifiedAt, bytesMax });
}

/** Lets go of a copy; leaves every other feed where it is. */
export async function discardCopy(file: FeedFile): Promise<void> {
  await file.copy?.close();
}

async function sweepLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.startsWith('feed-') || !name.endsWith(suffix)) continue;
    const path = join(directory, name);
    const found = await stat(path).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > leftoverAgeMs) await rm(path, { force: true });
  }
}
