import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeResult, FailureKey } from '../../src/contracts/ledger.ts';
import type { DuplicateRow } from '../../src/domain/person.ts';
import { Report, reportJsonSchema } from '../../src/report/report.ts';
import { type ReportInput, writeReport } from '../../src/report/write-report.ts';
import {
  buildChange,
  buildOutcome,
  buildQuarantined,
  buildReport,
  buildStep,
  columns,
  pagesOf,
  plainForm,
} from './build.ts';

let parent = '';
let directory = '';

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'rollcall-report-'));
  directory = path.join(parent, 'runs', 'r1');
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const refused = {
  result: 'failed',
  errorCode: 'REFUSED',
  providerCode: 'EPMCSS-21000',
  message: 'The target refused this item.',
} as const;

const results: readonly ChangeResult[] = [
  { change: buildChange(), outcomes: [buildOutcome()] },
  {
    change: buildChange({
      seq: 2,
      operation: 'create',
      key: 'E2',
      rows: [
        { line: 3, cells: ['E2', 'bo@example.com', '=HYPERLINK("https://example.org")'] },
        { line: 4, cells: ['E2', 'bo@example.com', ['Lead', 'Auditor']] },
      ],
      before: {},
      after: { title: '<script>alert(1)</script>', roles: ['Viewer', 'Planner'] },
      steps: [buildStep({ action: 'add' }), buildStep({ action: 'assign-role', subject: 'Viewer' })],
    }),
    outcomes: [buildOutcome({ seq: 2 }), buildOutcome({ seq: 2, step: 1, ...refused, attempts: 2 })],
  },
  {
    change: buildChange({
      seq: 3,
      operation: 'disable',
      key: 'E3',
      cause: 'absence',
      rows: [],
      after: {},
      before: {},
    }),
    outcomes: [buildOutcome({ seq: 3, ...refused })],
  },
];
const quarantined = [
  buildQuarantined(),
  buildQuarantined({
    row: { line: 12, cells: ['E12', '@x', ''] },
    code: 'BAD_VALUE',
    column: 'User Login',
    message: 'Not an e-mail address.',
  }),
];

function write(difference: Partial<ReportInput> = {}): Promise<Report> {
  return writeReport({
    directory,
    report: buildReport(results, quarantined.length),
    results: () => pagesOf(results),
    quarantine: () => pagesOf(quarantined),
    duplicates: () => pagesOf<DuplicateRow>([]),
    feeds: [{ name: '', columns, form: plainForm }],
    since: async (failures) => failures.map(() => null),
    ...difference,
  });
}

async function table(name: string): Promise<readonly Record<string, string>[]> {
  return parse(await readFile(path.join(directory, name)), { bom: true, columns: true });
}

describe('writeReport', () => {
  it('writes four files that only their owner may read, in a directory that only they may open', async () => {
    await write();
    const names = (await readdir(directory)).sort();
    expect(names).toEqual(['rejects.csv', 'report.html', 'report.json', 'results.csv']);
    for (const name of names) expect((await stat(path.join(directory, name))).mode & 0o777).toBe(0o600);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('closes a directory that was open to others', async () => {
    await write();
    await chmod(directory, 0o755);
    await write();
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  });

  it('writes a report.json that the published schema takes and that it returns', async () => {
    const report = await write();
    const stored: unknown = JSON.parse(await readFile(path.join(directory, 'report.json'), 'utf8'));
    expect(stored).toEqual(report);
    const validate = new Ajv2020({ validateFormats: false }).compile(reportJsonSchema());
    expect(validate(stored), JSON.stringify(validate.errors)).toBe(true);
    expect(Report.parse(stored)).toEqual(report);
  });

  it('has a published schema that refuses an unknown field and a wrong version', () => {
    const validate = new Ajv2020({ validateFormats: false }).compile(reportJsonSchema());
    const report = { ...buildReport(), failures: [] };
    expect(validate(report)).toBe(true);
    expect(validate({ ...report, extra: 1 })).toBe(false);
    expect(validate({ ...report, schemaVersion: 2 })).toBe(false);
  });

  it('describes every field of the published schema', () => {
    const undescribed: string[] = [];
    const visit = (node: unknown, place: string): void => {
      if (typeof node !== 'object' || node === null || !('properties' in node)) return;
      for (const [name, field] of Object.entries(node.properties as Record<string, object>)) {
        if (!('description' in field)) undescribed.push(`${place}.${name}`);
        visit('items' in field ? field.items : field, `${place}.${name}`);
      }
    };
    visit(reportJsonSchema(), 'report');
    expect(undescribed).toEqual([]);
  });

  it('lists each failure once with the step that decided and the run in which it was first seen', async () => {
    const asked: FailureKey[] = [];
    const report = await write({
      since: async (failures) => {
        asked.push(...failures);
        return ['earlier-run', null];
      },
    });
    expect(asked).toEqual([
      { key: 'E2', operation: 'create', errorCode: 'REFUSED' },
      { key: 'E3', operation: 'disable', errorCode: 'REFUSED' },
    ]);
    expect(report.failures).toEqual([
      {
        line: 3,
        key: 'E2',
        operation: 'create',
        step: 'assign-role Viewer',
        ...refused,
        attempts: 2,
        since: 'earlier-run',
      },
      {
        line: null,
        key: 'E3',
        operation: 'disable',
        step: 'update',
        ...refused,
        attempts: 1,
        since: report.run.id,
      },
    ]);
  });

  it('writes one line per change into results.csv', async () => {
    await write();
    const lines = await table('results.csv');
    expect(lines.map((line) => [line.key, line.result])).toEqual([
      ['E1', 'succeeded'],
      ['E2', 'failed'],
      ['E3', 'failed'],
    ]);
    expect(lines[0]).toMatchObject({
      line: '2',
      cause: 'feed',
      changes: 'title: Clerk -> Manager',
      steps: 'update=succeeded',
    });
    expect(lines[1]).toEqual({
      run: '20261103-021507-k3f9',
      line: '3;4',
      feed: '',
      key: 'E2',
      operation: 'create',
      cause: 'feed',
      result: 'failed',
      step: 'assign-role Viewer',
      errorCode: 'REFUSED',
      providerCode: 'EPMCSS-21000',
      message: 'The target refused this item.',
      attempts: '2',
      changes: 'title: (none) -> <script>alert(1)</script>; roles: (none) -> Viewer, Planner',
      steps: 'add=succeeded; assign-role Viewer=failed(REFUSED EPMCSS-21000)',
    });
    expect(lines[2]).toMatchObject({ line: '', cause: 'absence' });
  });

  it('shows no password in results.csv', async () => {
    const change = buildChange({ after: { password: 'opensesame' } });
    await write({ results: () => pagesOf([{ change, outcomes: [buildOutcome()] }]) });
    const text = await readFile(path.join(directory, 'results.csv'), 'utf8');
    expect(text).toContain('password: (not shown)');
    expect(text).not.toContain('opensesame');
  });

  it('writes quarantined rows and the rows of failed changes into rejects.csv, in the feed’s own columns', async () => {
    await write();
    expect(await table('rejects.csv')).toEqual([
      reject(['E9', '', ''], '9', 'RAGGED_ROW', '', 'The row has 1 cell, the header 3.'),
      reject(['E12', "'@x", ''], '12', 'BAD_VALUE', 'User Login', 'Not an e-mail address.'),
      reject(
        ['E2', 'bo@example.com', `'=HYPERLINK("https://example.org")`],
        '3',
        'REFUSED',
        '',
        'The target refused this item. (EPMCSS-21000)',
      ),
      reject(
        ['E2', 'bo@example.com', 'Lead;Auditor'],
        '4',
        'REFUSED',
        '',
        'The target refused this item. (EPMCSS-21000)',
      ),
    ]);
  });

  it('writes duplicates.csv when there are any, the row that counts beside each that lost', async () => {
    const report = buildReport(results, quarantined.length);
    const losers: readonly DuplicateRow[] = [
      { row: { line: 4, cells: [] }, key: 'E1', winner: { line: 9 }, rule: 'Status = active' },
      {
        row: { line: 5, cells: [] },
        feed: 'guests',
        key: '=E2',
        winner: { line: 2, feed: 'hr' },
        rule: 'feed hr',
      },
    ];
    const rows = { ...report.rows, total: report.rows.total + 2, duplicates: 2 };
    await write({ report: { ...report, rows }, duplicates: () => pagesOf(losers) });
    expect(await readFile(path.join(directory, 'duplicates.csv'), 'utf8')).toBe(
      "\uFEFFline,feed,key,winner_line,winner_feed,rule\n4,,E1,9,,Status = active\n5,guests,'=E2,2,hr,feed hr\n",
    );
    const page = await readFile(path.join(directory, 'report.html'), 'utf8');
    expect(page).toContain('href="duplicates.csv"');
    expect(page).toContain('2 rows lost to another row of the same person');
  });

  it('leaves the files of an earlier report whole when the results cannot be read', async () => {
    await write();
    const before = await readFile(path.join(directory, 'results.csv'), 'utf8');
    const broken = async function* (): AsyncIterable<readonly ChangeResult[]> {
      yield results.slice(0, 1);
      throw new Error('the ledger went away');
    };
    await expect(write({ results: broken })).rejects.toThrow('the ledger went away');
    expect(await readFile(path.join(directory, 'results.csv'), 'utf8')).toBe(before);
    expect(await readdir(directory)).toHaveLength(4);
  });

  it('says where the report could not be written and what to do', async () => {
    await write();
    const file = path.join(directory, 'report.json');
    await expect(write({ directory: path.join(file, 'below') })).rejects.toMatchObject({
      code: 'REPORT_UNWRITABLE',
      message: expect.stringContaining('ENOTDIR'),
    });
  });
});

function reject(
  cells: readonly string[],
  line: string,
  code: string,
  column: string,
  message: string,
): Record<string, string> {
  return {
    ...Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ''])),
    rollcall_line: line,
    rollcall_code: code,
    rollcall_column: column,
    rollcall_message: message,
  };
}
