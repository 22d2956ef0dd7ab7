import { describe, expect, it } from 'vitest';
import type { ChangeResult } from '../../src/contracts/ledger.ts';
import { failureOf } from '../../src/report/explain-change.ts';
import type { ReportWithoutFailures } from '../../src/report/report.ts';
import { reportHtml } from '../../src/report/report-html.ts';
import { watchTroubles } from '../../src/report/watch-troubles.ts';
import { buildChange, buildOutcome, buildQuarantined, buildReport } from './build.ts';

const hostile = '<script>alert("x")</script>';

function failed(key: string): ChangeResult {
  const outcome = buildOutcome({
    result: 'failed',
    errorCode: 'REFUSED',
    providerCode: hostile,
    message: hostile,
  });
  return { change: buildChange({ key }), outcomes: [outcome] };
}

function render(results: readonly ChangeResult[], report: ReportWithoutFailures): Promise<string> {
  const watch = watchTroubles();
  for (const result of results) {
    const failure = failureOf(result, 'apply');
    if (failure !== null) watch.failed(failure);
  }
  watch.quarantined(buildQuarantined({ column: hostile, message: hostile }));
  const troubles = watch.troubles();
  const failures = troubles.failures.map((failure) => ({ ...failure, since: hostile }));
  return reportHtml({ ...report, failures }, troubles);
}

describe('reportHtml', () => {
  it('escapes whatever comes from feed, target and job', async () => {
    const results = [failed(hostile)];
    const report = buildReport(results, 1, { job: hostile, operator: hostile, host: hostile });
    const page = await render(results, {
      ...report,
      feed: { ...report.feed, path: hostile },
      target: { name: 'oracle-epm', provider: hostile, baseUrl: hostile },
      guards: [{ name: hostile, limit: 1, actual: 2, tripped: true, advice: hostile }],
    });
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
  });

  it('needs nothing from outside and forbids it', async () => {
    const page = await render([], buildReport([], 1));
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`);
    expect(page).not.toMatch(/<(script|link|img|iframe|object)\b/);
    expect(page).not.toMatch(/url\(|@import/);
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('says the verdict first and what to do next', async () => {
    const results = [failed('E1'), failed('E2')];
    const page = await render(results, buildReport(results, 1));
    expect(page).toContain('Finished: no change succeeded, with 2 failures and 1 quarantined row.');
    expect(page).toContain('mend them there or at their source');
  });

  it('says of each guard whether its limit is the most or the least', async () => {
    const guard = { actual: 2_000, tripped: true, advice: null };
    const page = await render([], {
      ...buildReport([], 1),
      guards: [
        { ...guard, name: 'disables', limit: 1_500 },
        { ...guard, name: 'feedRows', limit: 2_500 },
        { ...guard, name: 'firstLoad', limit: null },
      ],
    });
    const cells = [...page.matchAll(/<td class="number">(.*?)<\/td>/g)].map(([, text]) => text);
    expect(cells).toEqual(expect.arrayContaining(['at most 1,500', 'at least 2,500', '–']));
  });

  it('says what a run was about that was not about everything', async () => {
    const shown = async (part: ReportWithoutFailures['run']['part']): Promise<string | undefined> =>
      /<dt>Only about<\/dt><dd>(.*?)<\/dd>/.exec(await render([], buildReport([], 1, { part })))?.[1];
    expect(await shown(null)).toBeUndefined();
    expect(await shown({ only: ['disable', 'update'], people: null })).toBe('disable, update changes');
    expect(await shown({ only: ['disable'], people: ['E1', hostile] })).toBe(
      'disable changes of E1, &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;',
    );
    expect(await shown({ only: null, people: ['E1'] })).toBe('every change of E1');
  });

  it('shows 200 failures and says how many there are', async () => {
    const results = Array.from({ length: 250 }, (_, index) => failed(`E${index}`));
    const page = await render(results, buildReport(results, 1));
    expect(page).toContain('>E199<');
    expect(page).not.toContain('>E200<');
    expect(page).toContain('The first 200 of 250; results.csv has all.');
  });

  it('warns when the numbers do not add up', async () => {
    const report = buildReport([], 1);
    const page = await render([], { ...report, rows: { ...report.rows, total: 5 } });
    expect(page).toContain('These numbers do not add up');
    expect(await render([], report)).not.toContain('do not add up');
  });

  it('shows times in UTC', async () => {
    const page = await render([], buildReport([], 1, { startedAt: '2026-11-03T02:15:07.123Z' }));
    expect(page).toContain('2026-11-03 02:15:07 UTC');
  });
});
