import { glob, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Delivery, FeedSource } from '../domain/settings.ts';
import { type FeedFile, findFeedFile } from './feed-file.ts';

type FileSource = Extract<FeedSource, { readonly kind: 'file' | 'pattern' }>;

/**
 * The files that are meant, as they are now: one, or with `pick: all` those of the pattern in the order of their
 * paths, none included. Of equally new files the last by name is the newest.
 *
 * @throws Failure (exit 1): `FEED_MISSING`, `FEED_DIRECTORY`, `FEED_UNREADABLE`
 */
export async function findFiles(source: FileSource, delivery: Delivery): Promise<readonly FeedFile[]> {
  if (source.kind === 'file') return [await findFeedFile(source.path)];
  const files = await matchingFiles(source, delivery);
  if (source.pick === 'all') {
    await requireFolder(source);
    return files;
  }
  const newest = files.reduce<FeedFile | null>((one, other) => {
    return one === null || other.identity.modifiedNs >= one.identity.modifiedNs ? other : one;
  }, null);
  if (newest === null) throw await nothingFound(source);
  return [newest];
}

async function matchingFiles(
  { directory, pattern }: Extract<FileSource, { readonly kind: 'pattern' }>,
  { marker }: Delivery,
): Promise<readonly FeedFile[]> {
  const paths: string[] = [];
  for await (const found of glob(pattern, { cwd: directory })) paths.push(resolve(directory, found));
  const files: FeedFile[] = [];
  for (const path of paths.sort(byCodeUnits)) {
    const isMarker = marker !== null && (marker === path || isMarkerOfAny(marker, path));
    const isHidden = basename(path).startsWith('.') && !basename(pattern).startsWith('.');
    if (isMarker || isHidden || !(await isPlainFile(path))) continue;
    files.push(await findFeedFile(path));
  }
  return files;
}

/** `hr-1.csv.done` for `*.done`: it speaks of a feed and is none. */
function isMarkerOfAny(marker: string, path: string): boolean {
  return marker.startsWith('*') && path.endsWith(marker.slice(1));
}

/** The same order on every machine, whatever its language. */
function byCodeUnits(one: string, other: string): number {
  return one < other ? -1 : 1;
}

/** Says how many files lie there, since a pattern is easily misspelt. */
async function nothingFound(source: Extract<FileSource, { readonly kind: 'pattern' }>): Promise<Failure> {
  const folder = folderOf(source);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  const count = entries?.filter((entry) => entry.isFile()).length ?? 0;
  const place =
    entries === null
      ? `there is no folder ${folder}`
      : `${count === 1 ? '1 file' : `${count} files`} of ${folder} did not match`;
  return new Failure({
    code: 'FEED_MISSING',
    exit: 1,
    message: `No file matches ${resolve(source.directory, source.pattern)}: ${place}.`,
    hint: 'Check the pattern in feed.path (it is relative to the job file) and whether a file was delivered.',
  });
}

/** No new delta is no trouble, but no folder for them is. */
async function requireFolder(source: Extract<FileSource, { readonly kind: 'pattern' }>): Promise<void> {
  const found = await stat(folderOf(source)).catch(() => null);
  if (found?.isDirectory() !== true) throw await nothingFound(source);
}

/** The deepest folder that the pattern names without a wildcard. */
function folderOf({ directory, pattern }: Extract<FileSource, { readonly kind: 'pattern' }>): string {
  const parts = dirname(pattern).split('/');
  const magic = parts.findIndex((part) => /[*?[{]/.test(part));
  return resolve(directory, join(...(magic === -1 ? parts : parts.slice(0, magic)), '.'));
}

async function isPlainFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() === true;
}
