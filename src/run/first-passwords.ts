import type { Change } from '../domain/change.ts';
import { readPasswords } from '../feed/read-passwords.ts';
import type { Job } from '../job/job.ts';
import type { OpenRun } from './open-run.ts';
import type { World } from './world.ts';

/**
 * What the feed gives as the first password of the user that a change creates. It is read now, for the creates of
 * the plan only, and is held by nothing but what this returns.
 */
export async function firstPasswords(
  job: Job,
  open: OpenRun,
  sha256: string,
  world: World,
): Promise<(change: Change) => string | undefined> {
  if (job.feed.passwordColumn === null) return () => undefined;
  const lines = await linesOfCreates(open);
  const passwords = await readPasswords(job.feed, { lines, sha256 });
  const without = lines.size - passwords.size;
  if (without > 0) {
    world.log.warn(
      { run: open.run.id, count: without },
      'new users have no password in the feed: they get what the target settings say',
    );
  }
  return ({ rows }) => passwords.get(rows[0]?.line ?? 0)?.reveal();
}

async function linesOfCreates(open: OpenRun): Promise<ReadonlySet<number>> {
  const lines = new Set<number>();
  for await (const page of open.ledger.changes(open.run.id)) {
    for (const { operation, disposition, rows } of page) {
      const [row] = rows;
      if (operation === 'create' && disposition === 'planned' && row !== undefined) lines.add(row.line);
    }
  }
  return lines;
}
