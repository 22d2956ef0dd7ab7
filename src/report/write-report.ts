import path from 'node:path';
import type { ChangeResult, FailureKey } from '../contracts/ledger.ts';
import type { FeedForm } from '../domain/feed-facts.ts';
import type { DuplicateRow, QuarantinedRow } from '../domain/person.ts';
import { byteOrderMark, csvLines } from './csv.ts';
import { duplicateRecord, duplicatesHeader, duplicatesName } from './duplicates-csv.ts';
import { type FailureNow, failureKey, failureOf } from './explain-change.ts';
import {
  createPrivateDirectory,
  createPrivateFile,
  type PrivateFile,
  syncDirectory,
} from './private-file.ts';
import { rejectsName, type RejectsTable, rejectsTable } from './rejects-csv.ts';
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
  /** Every row that lost to another one of the same person, in the order of the lines; read once. */
  readonly duplicates: () => AsyncIterable<readonly DuplicateRow[]>;
  /** The feeds that were read: each has a file of rejects. */
  readonly feeds: readonly RejectsFeed[];
  /** The run in which each failure was first seen; null for one that is new in this run. */
  readonly since: (failures: readonly FailureKey[]) => Promise<readonly (string | null)[]>;
}

export interface RejectsFeed {
  /** '' where the job has one feed. */
  readonly name: string;
  /** Headers of the mapped columns, in the order of a row's cells. */
  readonly columns: readonly string[];
  readonly form: FeedForm;
}

/**
 * Writes `results.csv`, `rejects.csv` (one for each of several feeds), `report.html` and `report.json` (0600, in a directory 0700) and returns
 * the whole report. Holds one page of changes in memory at a time. Each file appears under its name only when
 * all of them are whole on disk, `report.json` last. Throws `REPORT_UNWRITABLE` when the disk does not take them.
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
    const results = await create('results.csv');
    const rejects = new Map<string, Rejects>();
    for (const { name, columns, form } of input.feeds) {
      rejects.set(name, { file: await create(rejectsName(name)), table: rejectsTable(columns, form) });
    }
    if (input.report.rows.duplicates > 0) await writeDuplicates(input, await create(duplicatesName));
    const troubles = await writeTables(input, results, rejects);
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

interface Rejects {
  readonly file: PrivateFile;
  readonly table: RejectsTable;
}

/** Streams the tables to disk and gathers on the way what the other two files need. */
async function writeTables(
  input: ReportInput,
  results: PrivateFile,
  rejects: ReadonlyMap<string, Rejects>,
): Promise<Troubles> {
  const { run } = input.report;
  const watch = watchTroubles();
  await results.write(byteOrderMark + csvLines([resultsHeader]));
  for (const { file, table } of rejects.values()) await file.write(table.header);

  for await (const page of input.quarantine()) {
    page.forEach(watch.quarantined);
    for (const [name, { file, table }] of rejects) {
      const rows = page.filter(({ feed = '' }) => feed === name);
      await file.write(table.quarantined(rows));
    }
  }
  for await (const page of input.results()) {
    await results.write(csvLines(page.map((result) => resultsRecord(result, run))));
    const failed = page.flatMap(({ change, outcomes }) => {
      const failure = failureOf({ change, outcomes }, run.mode);
      return failure === null ? [] : [{ change, failure }];
    });
    for (const { failure } of failed) watch.failed(failure);
    for (const [name, { file, table }] of rejects) {
      const own = failed.filter(({ change: { feed = '' } }) => feed === name);
      await file.write(table.failed(own));
    }
  }
  return watch.troubles();
}

async function withSince(failures: readonly FailureNow[], input: ReportInput): Promise<Report['failures']> {
  const since = failures.length === 0 ? [] : await input.since(failures.map(failureKey));
  return failures.map((failure, index) => ({ ...failure, since: since[index] ?? input.report.run.id }));
}

async function writeDuplicates({ duplicates }: ReportInput, file: PrivateFile): Promise<void> {
  await file.write(byteOrderMark + csvLines([duplicatesHeader]));
  for await (const page of duplicates()) await file.write(csvLines(page.map(duplicateRecord)));
}
