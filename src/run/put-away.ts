import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, unlink, utimes } from 'node:fs/promises';
import path from 'node:path';
import type { Ledger } from '../contracts/ledger.ts';
import { Failure } from '../domain/failure.ts';
import { markerOf } from '../feed/await-delivery.ts';
import { isUnchanged } from '../feed/feed-file.ts';
import type { Job } from '../job/job.ts';
import { openLedger } from '../ledger/open-ledger.ts';
import type { DeliveredFile, FeedDelivery } from './feed-delivery.ts';

/**
 * Archives or deletes, as the job says, the files that every target of the job has settled; with each goes its marker,
 * or yesterday's would speak for tomorrow's file. A file that has changed since it was read is left where it is.
 *
 * @param jobs one for each target of the job, those included that this command did not run
 * @returns what could not be put away
 */
export async function putAway(jobs: readonly Job[], delivery: FeedDelivery): Promise<readonly Failure[]> {
  const files = (await delivery.delivered()).filter(
    ({ settings, file }) => settings.afterwards.kind !== 'leave' && file.copy === null,
  );
  const [first] = jobs;
  if (first === undefined || files.length === 0) return [];
  const troubles: Failure[] = [];
  const ledger = await openLedger(first.ledger);
  try {
    for (const delivered of files) {
      const runId = await lastOfAll(jobs, delivered, ledger);
      if (runId === null) continue;
      const trouble = await putAwayOne(delivered, runId).catch((error: unknown) =>
        notPutAway(delivered, error),
      );
      if (trouble !== null) troubles.push(trouble);
    }
  } finally {
    await ledger.close();
  }
  return troubles;
}

/** A run that settled the file, once it is settled for every target; else null. */
async function lastOfAll(
  jobs: readonly Job[],
  delivered: DeliveredFile,
  ledger: Ledger,
): Promise<string | null> {
  let last: string | null = null;
  for (const job of jobs) {
    const { origin } = job.target;
    const now = delivered.settled.get(origin);
    // Whether a target that was asked and has not settled it now ever did is beside the point: its run was held.
    if (now === undefined && delivered.askedBy.has(origin)) return null;
    const runId = now ?? (await delivered.takenBy({ job: job.name, origin }, ledger));
    if (runId === null) return null;
    last = now ?? last ?? runId;
  }
  return last;
}

/** @returns null when it is done */
async function putAwayOne({ settings, file }: DeliveredFile, runId: string): Promise<Failure | null> {
  const { afterwards, delivery } = settings;
  if (!(await isUnchanged(file))) {
    return new Failure({
      code: 'FEED_NOT_PUT_AWAY',
      message: `${file.name} is no longer the file that was read, so it was left where it is.`,
      hint: 'The next run takes it.',
      exit: 1,
    });
  }
  if (afterwards.kind === 'archive') await archive(file.name, afterwards.directory, runId);
  else await unlink(file.name);
  const marker = delivery.marker?.startsWith('*') ? markerOf(file, delivery) : null;
  if (marker !== null) await rm(marker, { force: true });
  return null;
}

async function archive(file: string, directory: string, runId: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { base, name, ext } = path.parse(file);
  const place =
    (await reserve(path.join(directory, base))) ??
    (await reserve(path.join(directory, `${name}.${runId}${ext}`)));
  if (place === null) throw new Error('EEXIST');
  try {
    await moveOver(file, place);
  } catch (error) {
    await rm(place, { force: true });
    throw error;
  }
}

/** Makes an empty file of that name, so that nobody's file is ever overwritten; null when the name is taken. */
async function reserve(place: string): Promise<string | null> {
  try {
    await (await open(place, 'wx', 0o600)).close();
    return place;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return null;
    throw error;
  }
}

async function moveOver(file: string, place: string): Promise<void> {
  try {
    await rename(file, place);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    await copyOver(file, place);
  }
}

/** On another device: the file goes only when its copy is safely on disk. */
async function copyOver(file: string, place: string): Promise<void> {
  const { atime, mtime } = await stat(file);
  await copyFile(file, place, constants.COPYFILE_FICLONE);
  await utimes(place, atime, mtime);
  await using copy = await open(place, 'r+');
  await copy.sync();
  await unlink(file);
}

function notPutAway({ settings, file }: DeliveredFile, error: unknown): Failure {
  const done = settings.afterwards.kind === 'archive' ? 'archived' : 'deleted';
  return new Failure({
    code: 'FEED_NOT_PUT_AWAY',
    message: `${file.name} was settled, but could not be ${done} (${codeOf(error)}).`,
    hint: 'Mend the rights of both folders. Until then the file stays; the next apply tries again.',
    exit: 1,
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
