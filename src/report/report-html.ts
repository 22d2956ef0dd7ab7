import { html } from 'hono/html';
import { operations } from '../domain/change.ts';
import { errorCodes } from '../domain/error-code.ts';
import { duplicatesName, duplicatesNote } from './duplicates-csv.ts';
import { checkSums } from './reconcile.ts';
import { limitText } from './guard-limit.ts';
import { rejectsName } from './rejects-csv.ts';
import { feedsOf, type NamedFeedSection, type Report } from './report.ts';
import { nextStep, number, verdict } from './verdict.ts';
import { wholeText } from './whole-text.ts';
import type { Troubles } from './watch-troubles.ts';

type Html = ReturnType<typeof html>;

const entriesMax = 200;

/**
 * The report as one page that needs nothing from outside: no script, no font, no picture, and a policy that
 * forbids them. Everything from feed, target and job is escaped by hono's `html`, and marks that hide are shown.
 */
export async function reportHtml(report: Report, troubles: Troubles): Promise<string> {
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${report.run.job}: ${verdict(report)}</title>
${styles}
</head>
<body>
<main>
${head(report)}
${brokenSums(report)}
${numbers(report)}
${guards(report)}
${failures(report, troubles)}
${quarantine(report, troubles)}
${files(report)}
${facts(report)}
</main>
</body>
</html>
`;
  return visible(String(page));
}

/**
 * Controls, and marks that turn or hide letters, as text: a key must not look like another. The two that join letters
 * stay, since Persian names and emoji are made with them.
 */
function visible(page: string): string {
  return page.replace(/(?!\n)\p{Cc}|(?![\u200c\u200d])[\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

function head(report: Report): Html {
  const { run, target } = report;
  const next = nextStep(report);
  const kind = run.mode === 'plan' ? 'Plan' : 'Reconciliation report';
  return html`<header>
<p class="kind">${kind} · ${target.provider} · ${target.baseUrl}</p>
<h1>${run.job}</h1>
<p class="verdict ${tone(report.exitCode)}">${verdict(report)}</p>
${next === null ? null : html`<p class="next">${next}</p>`}
<p class="when">${stamp(run.startedAt)} to ${stamp(run.finishedAt)}. All times are UTC.</p>
</header>`;
}

function tone(exitCode: number): string {
  if (exitCode === 0) return 'good';
  return exitCode === 2 ? 'mixed' : 'bad';
}

function brokenSums(report: Report): Html | null {
  const wrong = checkSums(report);
  if (wrong.length === 0) return null;
  return html`<section>
<h2>These numbers do not add up</h2>
<p>Do not rely on this report before the cause is known.</p>
<ul>${wrong.map((sum) => html`<li>${sum}</li>`)}</ul>
</section>`;
}

function numbers(report: Report): Html {
  const { rows, users } = report;
  const duplicates = duplicatesNote(rows.duplicates);
  const row = [
    ['Total', rows.total],
    ['Unchanged', rows.unchanged],
    ['Changed', rows.changed],
    ['Quarantined', rows.quarantined],
    ['Duplicates', rows.duplicates],
    ['Excluded', rows.excluded],
  ] as const;
  return html`<section>
<h2>Numbers</h2>
<h3>Rows of the feed</h3>
${table(
  'Rows of the feed',
  html`<thead><tr>${row.map(([name]) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead>
<tbody><tr>${row.map(([, value]) => numberCell(value))}</tr></tbody>`,
)}
${duplicates === null ? null : html`<p class="note">${duplicates}.</p>`}
<h3>Changes</h3>
${changes(report)}
<p class="note">The target has ${number(users.managed)} managed ${users.managed === 1 ? 'user' : 'users'}, and ${number(users.unmanaged)} unmanaged that this job does not touch.</p>
</section>`;
}

const planColumns = [
  ['Planned', 'planned'],
  ['Held', 'held'],
  ['Conflict', 'conflict'],
] as const;
const applyColumns = [
  ['Succeeded', 'succeeded'],
  ['Failed', 'failed'],
  ['Unknown', 'unknown'],
  ['Conflict', 'conflict'],
  ['Held', 'held'],
  ['Not sent', 'notSent'],
] as const;

function changes(report: Report): Html {
  if (report.changes.total === 0) return html`<p>None: nothing differs between the feed and the target.</p>`;
  const columns = report.run.mode === 'plan' ? planColumns : applyColumns;
  const { fromAbsence } = report.changes;
  const line = (name: string, counts: Report['byOperation']['create']): Html => html`<tr>
<th scope="row">${name}</th>
${columns.map(([, key]) => numberCell(counts[key]))}
${numberCell(columns.reduce((sum, [, key]) => sum + counts[key], 0))}
</tr>`;
  return html`${table(
    'Changes by operation',
    html`<thead><tr><th scope="col">Operation</th>${columns.map(([name]) => html`<th scope="col" class="number">${name}</th>`)}<th scope="col" class="number">Total</th></tr></thead>
<tbody>${operations.map((operation) => line(capital(operation), report.byOperation[operation]))}</tbody>
<tfoot>${line('All', report.changes)}</tfoot>`,
  )}
<p class="note">${fromAbsence === 0 ? 'None of them comes' : `${number(fromAbsence)} of them ${fromAbsence === 1 ? 'comes' : 'come'}`} from people whom the feed no longer names.</p>`;
}

function guards(report: Report): Html {
  if (report.guards.length === 0)
    return html`<section><h2>Guards</h2><p>No guard judged this run.</p></section>`;
  return html`<section>
<h2>Guards</h2>
${table(
  'Guards',
  html`<thead><tr><th scope="col">Guard</th><th scope="col" class="number">Allowed</th><th scope="col" class="number">In this run</th><th scope="col">Verdict</th><th scope="col">What to do</th></tr></thead>
<tbody>${report.guards.map(
    (guard) => html`<tr>
<th scope="row">${guard.subject === undefined ? guard.name : `${guard.name} (${guard.subject})`}</th>
<td class="number">${guard.limit === null ? '–' : limitText(guard.name, guard.limit)}</td>
<td class="number">${number(guard.actual)}</td>
<td>${guard.tripped ? html`<strong class="bad">tripped</strong>` : 'passed'}</td>
<td>${guard.advice ?? guard.allowedBy ?? '–'}</td>
</tr>`,
  )}</tbody>`,
)}
</section>`;
}

function failures(report: Report, troubles: Troubles): Html {
  const shown = report.failures.slice(0, entriesMax);
  if (shown.length === 0) {
    return html`<section><h2>Failures, conflicts and unknown results</h2><p>None.</p></section>`;
  }
  const all = report.changes.failed + report.changes.conflict + report.changes.unknown;
  return html`<section>
<h2>Failures, conflicts and unknown results</h2>
${table(
  'Failures by code',
  html`<thead><tr><th scope="col">Code</th><th scope="col">Result</th><th scope="col" class="number">Changes</th><th scope="col">Meaning</th></tr></thead>
<tbody>${troubles.failureCounts.map(
    ({ errorCode, result, count }) => html`<tr>
<th scope="row"><code>${errorCode ?? '–'}</code></th><td>${result}</td>${numberCell(count)}<td class="message">${meaning(errorCode)}</td>
</tr>`,
  )}</tbody>`,
)}
<h3>One by one</h3>
${table(
  'Failures one by one',
  html`<thead><tr>${feedHead(report)}<th scope="col" class="number">Line</th><th scope="col">Key</th><th scope="col">Operation</th><th scope="col">Step</th><th scope="col">Code</th><th scope="col">Vendor's code</th><th scope="col">Message</th><th scope="col" class="number">Attempts</th><th scope="col">Since</th></tr></thead>
<tbody>${shown.map((failure) => failureLine(failure, report))}</tbody>`,
)}
${cutNote(shown.length, all, 'results.csv')}
</section>`;
}

/** Where there are several feeds, a line says which one it is of. */
function feedHead({ feed }: Report): Html | null {
  return Array.isArray(feed) ? html`<th scope="col">Feed</th>` : null;
}

function feedCell({ feed }: Report, name: string | undefined): Html | null {
  return Array.isArray(feed) ? html`<td>${name ?? '–'}</td>` : null;
}

function failureLine(failure: Report['failures'][number], report: Report): Html {
  return html`<tr>
${feedCell(report, failure.feed)}<td class="number">${failure.line ?? '–'}</td>
<th scope="row">${failure.key}</th>
<td>${failure.operation}</td>
<td>${failure.step ?? '–'}</td>
<td><code>${failure.errorCode ?? failure.result}</code></td>
<td>${failure.providerCode === null ? '–' : html`<code>${failure.providerCode}</code>`}</td>
<td class="message">${failure.message ?? '–'}</td>
<td class="number">${failure.attempts}</td>
<td class="since">${failure.since === report.run.id ? 'this run' : failure.since}</td>
</tr>`;
}

function quarantine(report: Report, troubles: Troubles): Html {
  if (troubles.quarantined.length === 0)
    return html`<section><h2>Quarantined rows</h2><p>None.</p></section>`;
  return html`<section>
<h2>Quarantined rows</h2>
<p>These rows were set aside, and nobody named in them was changed. rejects.csv has all of them, ready to be mended.</p>
${table(
  'Quarantined rows by code',
  html`<thead><tr><th scope="col">Code</th><th scope="col" class="number">Rows</th></tr></thead>
<tbody>${troubles.quarantineCounts.map(
    ({ code, count }) => html`<tr><th scope="row"><code>${code}</code></th>${numberCell(count)}</tr>`,
  )}</tbody>`,
)}
<h3>One by one</h3>
${table(
  'Quarantined rows one by one',
  html`<thead><tr>${feedHead(report)}<th scope="col" class="number">Line</th><th scope="col">Code</th><th scope="col">Column</th><th scope="col">Message</th></tr></thead>
<tbody>${troubles.quarantined.map(
    ({ row, feed, code, column, message }) => html`<tr>
${feedCell(report, feed)}<th scope="row" class="number">${row.line}</th><td><code>${code}</code></td><td>${column ?? '–'}</td><td class="message">${message}</td>
</tr>`,
  )}</tbody>`,
)}
${cutNote(troubles.quarantined.length, report.rows.quarantined, 'rejects.csv')}
</section>`;
}

function cutNote(shown: number, all: number, file: string): Html | null {
  if (all <= shown) return null;
  return html`<p class="note">The first ${number(shown)} of ${number(all)}; ${file} has all.</p>`;
}

const files = (report: Report): Html => html`<section>
<h2>Files beside this page</h2>
<dl>
<dt><a href="results.csv">results.csv</a></dt><dd>Every change with its result, codes and steps.</dd>
${feedsOf(report)
  .filter(({ missing }) => !missing)
  .map(
    ({ name }) => html`<dt><a href="${rejectsName(name)}">${rejectsName(name)}</a></dt>`,
  )}<dd>Quarantined rows and rows whose change failed, with reasons. Mend it and feed it back: it is read as partial and makes nobody a leaver.</dd>
${report.rows.duplicates === 0 ? null : html`<dt><a href="${duplicatesName}">${duplicatesName}</a></dt><dd>Rows that lost to another row of the same person, the line of that row, and the rule.</dd>`}
<dt><a href="report.json">report.json</a></dt><dd>This report for scripts.</dd>
</dl>
</section>`;

function facts(report: Report): Html {
  const { run, target, timing } = report;
  const list: readonly (readonly [string, string | null])[] = [
    ['Run', run.id],
    ['Mode', run.mode],
    ['Started', stamp(run.startedAt)],
    ['Finished', stamp(run.finishedAt)],
    ['Planned as of', stamp(run.asOf)],
    ['Started by', `${run.operator} on ${run.host} (${run.trigger})`],
    ['Approvals', run.approvals.length === 0 ? 'none' : run.approvals.map(approval).join('; ')],
    ['Previous run', run.previousRun ?? 'none'],
    ['Settled before', run.settled.length === 0 ? null : run.settled.map(settledRun).join('; ')],
    [
      'Gone on with',
      run.resumes.length === 0 ? null : run.resumes.map(({ by, at }) => `${stamp(at)} by ${by}`).join('; '),
    ],
    ['Undoes', run.reverts],
    ['Only about', run.part === null ? null : part(run.part)],
    ['Exit code', String(report.exitCode)],
    [
      'Target',
      `${target.name === target.provider ? '' : `${target.name}: `}${target.provider} at ${target.baseUrl}`,
    ],
    ...feedsOf(report).flatMap(feedFacts),
    ['Job SHA-256', run.jobSha256],
    ['Plan hash', run.planHash ?? 'none'],
    ['Requests', timing === undefined ? null : number(timing.requests)],
    [
      'Duration',
      timing === undefined
        ? null
        : `${seconds(timing.durationMs)}, of which ${seconds(timing.waitedMs)} waiting for limits and retries`,
    ],
    ['rollcall', run.toolVersion],
  ];
  return html`<section>
<h2>The run</h2>
<dl>${list.map(([name, value]) => (value === null ? null : html`<dt>${name}</dt><dd>${value}</dd>`))}</dl>
</section>`;
}

function part({ only, people }: NonNullable<Report['run']['part']>): string {
  const operations = only === null ? 'every change' : `${only.join(', ')} changes`;
  return people === null ? operations : `${operations} of ${people.join(', ')}`;
}

function settledRun({ run, state, inDoubt }: Report['run']['settled'][number]): string {
  return state === 'superseded' ? run : `${run}, of which ${number(inDoubt)} stay in doubt`;
}

function feedFacts(feed: NamedFeedSection): readonly (readonly [string, string])[] {
  const name = `Feed ${feed.name}`.trimEnd();
  if (feed.missing) return [[name, `${feed.path} was not there: its people were left alone`]];
  const read = `${number(feed.rows)} rows, ${number(feed.bytes)} bytes, ${wholeText(feed)}`;
  return [
    [name, feed.path],
    [`${name} read`, read],
    [`${name} SHA-256`, feed.sha256 ?? ''],
  ];
}

function approval({ by, at, reason }: Report['run']['approvals'][number]): string {
  return `${by}, ${stamp(at)}${reason === null ? '' : `: ${reason}`}`;
}

/** A table that scrolls by itself when it is wider than the page, by keyboard too. */
function table(label: string, content: Html): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>${content}</table></div>`;
}

function numberCell(value: number): Html {
  return html`<td class="number${value === 0 ? ' zero' : ''}">${number(value)}</td>`;
}

function meaning(errorCode: string | null): string {
  const meanings: Readonly<Record<string, string>> = errorCodes;
  return meanings[errorCode ?? ''] ?? '–';
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `2026-11-03 02:15:07 UTC` */
function stamp(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toLocaleString('en-GB', { maximumFractionDigits: 1 })} s`;
}

const styles = html`<style>
:root { --ink: #1c2127; --soft: #56606b; --line: #d5dae0; --paper: #fff; --band: #f4f6f8; --link: #0b57a4;
  --good: #17653a; --good-paper: #e7f4ec; --mixed: #7a4d00; --mixed-paper: #fdf3dd; --bad: #a3201c; --bad-paper: #fdebea; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --soft: #a3adb8; --line: #3a424c; --paper: #15191e; --band: #1f252c; --link: #86bdf5;
    --good: #8fdcb0; --good-paper: #14301f; --mixed: #f2cc7d; --mixed-paper: #352808; --bad: #ffaba5; --bad-paper: #3d1715; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 84rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { margin: 0 0 .75rem; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .75rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); font-size: 1.2rem; }
h3 { margin: 1.25rem 0 .4rem; font-size: 1rem; }
p { margin: .5rem 0; }
a { color: var(--link); }
code { font: .9em ui-monospace, Consolas, "DejaVu Sans Mono", monospace; }
.kind { margin: 0 0 .25rem; color: var(--soft); overflow-wrap: anywhere; }
.verdict { padding: .75rem 1rem; border-left: .35rem solid; border-radius: .25rem; font-size: 1.2rem; font-weight: 600; }
.verdict.good { color: var(--good); background: var(--good-paper); }
.verdict.mixed { color: var(--mixed); background: var(--mixed-paper); }
.verdict.bad { color: var(--bad); background: var(--bad-paper); }
strong.bad { color: var(--bad); }
.when, .note { color: var(--soft); font-size: .9rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .35rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th:first-child, td:first-child { padding-left: .5rem; }
thead th { background: var(--band); white-space: nowrap; }
tbody th { font-weight: 500; }
tfoot th, tfoot td { border-bottom: 0; font-weight: 700; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.zero { color: var(--soft); }
.message { min-width: 18rem; }
.since { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.5rem; margin: 0; font-size: .9rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; } }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --band: #eee; --link: #000;
    --good: #17653a; --good-paper: #fff; --mixed: #7a4d00; --mixed-paper: #fff; --bad: #a3201c; --bad-paper: #fff; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  .message { min-width: 0; }
  .since { white-space: normal; }
  tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
</style>`;
