import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlanEnd, PlanHeader, planLines } from '../../src/plan/plan.ts';
import { buildChange } from '../report/build.ts';
import { buildLines, changes, end, header, readLines } from './build.ts';

/** The hash that the text claims, and the one that its bytes have; written from the format's description. */
function hashesOf(text: string): { claimed: string | null; actual: string } {
  const at = text.lastIndexOf('\n', text.length - 2) + 1;
  const last = text.slice(at);
  const match = /,"planHash":"([^"]*)"\}\n$/.exec(last);
  const unsigned = match === null ? last : `${last.slice(0, match.index)}}`;
  const actual = createHash('sha256').update(text.slice(0, at)).update(unsigned).digest('hex');
  return { claimed: match?.[1] ?? null, actual };
}

describe('a plan', () => {
  it('is a header, a line for each change, and an end, all of them JSON', () => {
    const { text, hash } = readLines(buildLines());
    const lines = text.split('\n');
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toBe('');
    const [first, ...rest] = lines.slice(0, -1).map((line): unknown => JSON.parse(line));
    expect(PlanHeader.parse(first)).toEqual(header);
    expect(rest.slice(0, -1)).toEqual(changes);
    expect(PlanEnd.parse(rest.at(-1))).toEqual({ changes: 2, ...end, planHash: hash });
  });

  it('has one line for each change, for programs too that end lines at other characters', () => {
    const key = 'A\u2028d\u2029a\u0085';
    const { text } = readLines(buildLines([buildChange({ key })]));
    expect(text.split(/[\n\r\u0085\u2028\u2029]/)).toHaveLength(4);
    expect(JSON.parse(text.split('\n')[1] ?? '')).toMatchObject({ key });
  });

  it('without changes is a header and an end', () => {
    const { text } = readLines(buildLines([]));
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toContain('"changes":0');
  });

  it('is the same bytes for the same input, whenever it is made', () => {
    expect(readLines(buildLines())).toEqual(readLines(buildLines()));
  });

  it('carries the hash of its bytes', () => {
    const { text, hash } = readLines(buildLines());
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashesOf(text)).toEqual({ claimed: hash, actual: hash });
  });

  it('shows every changed byte', () => {
    const { text } = readLines(buildLines());
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const changed = `${text.slice(0, at)}${String.fromCharCode(code)}${text.slice(at + 1)}`;
        if (changed === text) return;
        const { claimed, actual } = hashesOf(changed);
        expect(claimed).not.toBe(actual);
      }),
      { numRuns: 1_000 },
    );
  });

  it('shows a line that is missing, repeated or in another place', () => {
    const lines = readLines(buildLines()).text.split('\n').slice(0, -1);
    const [head = '', one = '', two = '', last = ''] = lines;
    for (const changed of [
      [head, one, last],
      [head, one, two, two, last],
      [head, two, one, last],
      [one, two, last],
    ]) {
      const { claimed, actual } = hashesOf(`${changed.join('\n')}\n`);
      expect(claimed).not.toBe(actual);
    }
  });

  it('has another hash for every other input', () => {
    const hashes = [
      readLines(buildLines()).hash,
      readLines(buildLines(changes.toReversed())).hash,
      readLines(buildLines(changes, { jobSha256: 'd'.repeat(64) })).hash,
      readLines(buildLines(changes, { stateSha256: 'd'.repeat(64) })).hash,
      readLines(buildLines(changes, { asOf: '2026-11-04T02:15:07Z' })).hash,
      readLines(buildLines(changes, { ledger: { lineage: 'l1', lastAppliedRun: 'r1' } })).hash,
      readLines(planLines(header, changes, { ...end, users: { managed: 3, unmanaged: 13 } })).hash,
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('is made change by change, so that millions of them are a stream', () => {
    let drawn = 0;
    const endless = (function* () {
      for (;;) {
        drawn += 1;
        yield buildChange({ seq: drawn });
      }
    })();
    const lines = buildLines(endless);
    for (let count = 0; count < 11; count += 1) lines.next();
    expect(drawn).toBe(10);
  });
});
