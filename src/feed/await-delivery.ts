import { stat } from 'node:fs/promises';
import { Failure } from '../domain/failure.ts';
import type { Clock, Delivery } from '../domain/settings.ts';
import type { FeedFile } from './feed-file.ts';

const pollMs = 1_000;

/** File systems keep times as coarse as two seconds, so a marker may look that much older than its feed. */
const markerSlackMs = 2_000;

/** What a wait needs. */
export interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Looks for the feed until it is completely delivered, as the job says how that is told, or until the wait is over.
 *
 * @param find looks once
 * @throws Failure: `FEED_NOT_READY` (exit 75); what `find` throws, for a feed that never came; `INTERRUPTED` (75)
 */
export async function awaitDelivery(
  delivery: Delivery,
  find: () => Promise<FeedFile>,
  { clock, signal }: Waiting,
): Promise<FeedFile> {
  const untilMs = clock.now() + delivery.waitMs;
  for (;;) {
    const leftMs = untilMs - clock.now();
    const file = await found(find, leftMs > 0);
    if (file !== 'missing') {
      const obstacle = await obstacleTo(file, delivery, clock.now());
      if (obstacle === null) return file;
      if (leftMs <= 0) throw notReady(obstacle, delivery);
    }
    await clock.sleep(Math.min(pollMs, leftMs), signal).catch(() => {
      throw interrupted();
    });
  }
}

/** A feed that is not there yet may still come while there is time to wait. */
async function found(find: () => Promise<FeedFile>, mayCome: boolean): Promise<FeedFile | 'missing'> {
  try {
    return await find();
  } catch (error) {
    if (mayCome && error instanceof Failure && error.code === 'FEED_MISSING') return 'missing';
    throw error;
  }
}

/** Where the file lies whose presence says that this one is whole; null when none is needed. */
export function markerOf({ name }: FeedFile, { marker }: Delivery): string | null {
  return marker?.startsWith('*') ? name + marker.slice(1) : marker;
}

/** What says that the file is not completely delivered; null when nothing does. */
async function obstacleTo(file: FeedFile, delivery: Delivery, nowMs: number): Promise<string | null> {
  const found = await stat(file.name).catch(() => null);
  if (found === null) return `${file.name} is gone again`;
  const marker = markerOf(file, delivery);
  if (marker !== null) {
    const marked = await stat(marker).catch(() => null);
    if (marked === null) return `its marker ${marker} is missing`;
    // Yesterday's marker says nothing of today's file.
    if (marked.mtimeMs + markerSlackMs < found.mtimeMs) return `its marker ${marker} is older than it`;
  }
  if (delivery.stableMs === 0) return null;
  // Copying tools set the time of change back; the time of the last change to the entry itself cannot be set.
  const unchangedMs = nowMs - Math.max(found.mtimeMs, found.ctimeMs);
  return unchangedMs < delivery.stableMs
    ? `${file.name} was still being written ${Math.max(0, Math.round(unchangedMs / 1_000))} s ago`
    : null;
}

function notReady(obstacle: string, { waitMs }: Delivery): Failure {
  const waited = waitMs === 0 ? '' : `, ${Math.round(waitMs / 1_000)} s later too`;
  return new Failure({
    code: 'FEED_NOT_READY',
    exit: 75,
    message: `The feed is not completely delivered${waited}: ${obstacle}.`,
    hint: 'Run again once it is delivered, or raise feed.ready.wait.',
  });
}

function interrupted(): Failure {
  return new Failure({
    code: 'INTERRUPTED',
    message: 'The run was told to stop while it waited for the feed.',
    hint: 'Run the same command again.',
    exit: 75,
  });
}
