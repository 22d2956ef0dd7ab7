import path from 'node:path';
import type { ChangeResult, FailureKey } from '../contracts/ledger.ts';
import type { QuarantinedRow } from '../domain/person.ts';
import { byteOrderMark, csvLines } from './csv.ts';
import { type FailureNow, failureKey, failureOf } from './explain-change.ts';
import {
  createPrivateDirectory,
  createPrivateFile,
  type PrivateFile,
  syncDirectory,
} from './private-file.ts';
import { rejectsTable } from './rejects-csv.ts';
import type { Report, ReportWithoutFailures } from './report.ts';
import { reportHtml } from './report-html.ts';
import { resultsHeader, resultsRecord } from './results-csv.ts';
import { type Troubles, watchTroubles } from './watch-troubles.ts';

export interface ReportInput {
  /** `runs/<run id>`; made when missing. */
  readonly directory: string;
  readonly report: ReportWithoutFailures;
  /** Every change of the run, in the order of the plan; read once. */
  readonly results: () => AsyncIterable<readonly ChangeResult[]>;
  /** Every quarantined row, in the order of the lines; read once. */
  readonly quarantine: () => AsyncIterable<readonly QuarantinedRow[]>;
  /** Headers of the mapped columns, in the order of a row's cells. */
  readonly columns: readonly string[];
  /** The run in which each failure was first seen; null for one that is new in this run. */
  readonly since: (failures: readonly FailureKey[]) => Promise<readonly (string | null)[]>;
}

/**
 * Writes `results.csv`, `rejects.csv`, `report.html` and `report.json` (0600, in a directory 0700) and returns
 * the whole report. Holds one page of changes in memory at a time. Each file appears under its name only when
 * all four are whole on disk, `report.json` last. Throws `REPORT_UNWRITABLE` when the disk does not take them.
 */
export async function writeReport(input: ReportInput): Promise<Report> {
  await createPrivateDirectory(input.directory);
  const files: PrivateFile[] = [];
  const create = async (name: string): Promise<PrivateFile> => {
    const file = await createPrivateFile(path.join(input.directory, name));
    files.push(file);
    return file;
  };
  try {
    const troubles = await writeTables(input, await create('results.csv'), await create('rejects.csv'));
    const failures = await withSince(troubles.failures, input);
    const report: Report = { ...input.report, failures };
    const page = await create('report.html');
    await page.write(await reportHtml(report, troubles));
    const data = await create('report.json');
    await data.write(`${JSON.stringify(report, null, 2)}\n`);
    for (const file of files) await file.commit();
    await syncDirectory(input.directory);
    return report;
  } catch (error) {
    await Promise.allSettled(files.map((file) => file.discard()));
    throw error;
  }
}

/** Streams both tables to disk and gathers on the way what the other two files need. */
async function writeTables(
  input: ReportInput,
  results: PrivateFile,
  rejects: PrivateFile,
): Promise<Troubles> {
  const { run } = input.report;
  const table = rejectsTable(input.columns);
  const watch = watchTroubles();
  await results.write(byteOrderMark + csvLines([resultsHeader]));
  await rejects.write(byteOrderMark + csvLines([table.header]));

  for await (const page of input.quarantine()) {
    page.forEach(watch.quarantined);
    await rejects.write(csvLines(page.map(table.quarantined)));
  }
  for await (const page of input.results()) {
    await results.write(csvLines(page.map((result) => resultsRecord(result, run))));
    const rejected = page.flatMap((result) => {
      const failure = failureOf(result, run.mode);
      if (failure === null) return [];
      watch.failed(failure);
      return table.failed(result.change, failure);
    });
    await rejects.write(csvLines(rejected));
  }
  return watch.troubles();
}

async function withSince(failures: readonly FailureNow[], input: ReportInput): Promise<Report['failures']> {
  const since = failures.length === 0 ? [] : await input.since(failures.map(failureKey));
  return failures.map((failure, index) => ({ ...failure, since: since[index] ?? input.report.run.id }));
}
