import { rm } from 'node:fs/promises';
import path from 'node:path';

/** A run, and the folder that its report was written to. */
export interface ReportFolder {
  readonly id: string;
  readonly directory: string | null;
}

/** Deletes the folders of runs, as far as they are there and still bear the run's name; gives how many were deleted. */
export async function removeReports(runs: readonly ReportFolder[]): Promise<number> {
  let removed = 0;
  for (const { id, directory } of runs) {
    // Only a folder of the run's own goes: nobody's other files.
    if (directory === null || path.basename(directory) !== id) continue;
    const isGone = await rm(directory, { recursive: true }).then(
      () => true,
      () => false,
    );
    if (isGone) removed += 1;
  }
  return removed;
}
