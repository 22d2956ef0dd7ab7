import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { World } from './world.ts';

/**
 * Holds the report of a run to the journal of the sandbox, by a program that shares no code with ours. Throws when the
 * two differ; gives what was counted.
 * @param feeds names of the files that the run read
 */
export function audit(
  world: World,
  directory: string,
  firstSeq: number,
  feeds: readonly string[] = ['hr.csv'],
): Readonly<Record<string, number>> {
  const files = feeds.map((name) => world.path(name)).join(',');
  const args = [files, world.journalPath, join(directory, 'report.json'), String(firstSeq)];
  const script = 'test/cli/audit-journal.ts';
  const { counted } = JSON.parse(execFileSync(process.execPath, [script, ...args], { encoding: 'utf8' }));
  return counted;
}
