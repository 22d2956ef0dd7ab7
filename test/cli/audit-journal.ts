/*
 * Counts what a sandbox's journal says was done to the people of a feed, and holds a report to it:
 *
 *   node test/cli/audit-journal.ts FEED[,FEED…] JOURNAL REPORT [FIRST-SEQ]
 *
 * It reads these files and shares no code with the program. A feed is plain CSV without quotes; its last record may be
 * a trailer, and several have the same header. Journal lines before FIRST-SEQ belong to earlier runs. Prints what it counted beside
 * what the report says, and exits with 1 when they differ.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';

interface Line {
  readonly seq: number;
  readonly op: string;
  readonly key: string;
  readonly subject: string | null;
  readonly status: string;
  readonly after: Readonly<Record<string, unknown>> | null;
}

const [feedFile = '', journalFile = '', reportFile = '', firstSeq = '1'] = process.argv.slice(2);

const feeds = feedFile.split(',').map((file) =>
  readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('TRAILER'))
    .map((line) => line.split(',')),
);
const header = feeds[0]?.[0] ?? [];
const records = feeds.flatMap((lines) => lines.slice(1));
const column = (name: string): number => header.indexOf(name);

/** Of each login, the last word that the target had on every single call. */
const calls = new Map<string, Map<string, Line>>();
for (const text of readFileSync(journalFile, 'utf8').split('\n')) {
  if (text === '') continue;
  const line = JSON.parse(text) as Line;
  if (line.seq < Number(firstSeq)) continue;
  const login = line.key.toLowerCase();
  const ofLogin = calls.get(login) ?? new Map<string, Line>();
  ofLogin.set(`${line.op} ${line.subject ?? ''}`, line);
  calls.set(login, ofLogin);
}

const counted = {
  total: 0,
  succeeded: 0,
  failed: 0,
  create: 0,
  update: 0,
  disable: 0,
  remove: 0,
  rows: records.length,
  changedRows: 0,
  wrongValues: 0,
};

for (const lines of calls.values()) {
  const made = [...lines.values()];
  const ops = new Set(made.map((line) => line.op));
  counted.total += 1;
  if (made.every((line) => line.status === 'accepted')) counted.succeeded += 1;
  else counted.failed += 1;
  if (ops.has('remove')) counted.remove += 1;
  else if (ops.has('add')) counted.create += 1;
  else if (ops.has('update')) counted.update += 1;
  else if (ops.has('unassign-role')) counted.disable += 1;
}

for (const record of records) {
  const made = calls.get((record[column('User Login')] ?? '').toLowerCase());
  if (made === undefined) continue;
  counted.changedRows += 1;
  const update = made.get('update ');
  if (update?.status !== 'accepted') continue;
  const isRight =
    update.after?.firstname === record[column('First Name')] &&
    update.after?.lastname === record[column('Last Name')] &&
    update.after?.email === record[column('Email')];
  if (!isRight) counted.wrongValues += 1;
}

const report = JSON.parse(readFileSync(reportFile, 'utf8')) as {
  rows: Record<string, number>;
  changes: Record<string, number>;
  byOperation: Record<string, Record<string, number>>;
};
const reported = {
  total: report.changes.processed,
  succeeded: report.changes.succeeded,
  failed: report.changes.failed,
  create: report.byOperation.create?.processed,
  update: report.byOperation.update?.processed,
  disable: report.byOperation.disable?.processed,
  remove: report.byOperation.remove?.processed,
  rows: report.rows.total,
  changedRows: report.rows.changed,
  wrongValues: 0,
};

process.stdout.write(`${JSON.stringify({ counted, reported })}\n`);
process.exitCode = JSON.stringify(counted) === JSON.stringify(reported) ? 0 : 1;
