import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../src/domain/failure.ts';
import { planChanges, readPlan } from '../../src/plan/read-plan.ts';
import { buildChange } from '../report/build.ts';
import { buildLines, changes, end, header, readLines } from './build.ts';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rollcall-plan-'));
  file = path.join(folder, 'plan.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function refusal(): string {
  try {
    readPlan(file);
    return 'taken';
  } catch (error) {
    return (error as Failure).code;
  }
}

describe('reading a plan', () => {
  it('gives what was written', () => {
    const { text, hash } = readLines(buildLines());
    writeFileSync(file, text);
    const plan = readPlan(file);
    expect(plan).toEqual({ file, header, end: { changes: 2, ...end, planHash: hash }, hash });
    expect([...planChanges(plan)]).toEqual(changes);
  });

  it('takes lines that are longer than what is read at a time', () => {
    const many = [1, 2, 3].map((seq) => buildChange({ seq, after: { title: 'é'.repeat(300_000) } }));
    writeFileSync(file, readLines(buildLines(many)).text);
    expect([...planChanges(readPlan(file))]).toEqual(many);
  });

  it('refuses every changed, missing and added byte, wherever it is', () => {
    const bytes = Buffer.from(readLines(buildLines()).text);
    const anywhere = fc.nat(bytes.length - 1);
    const byte = fc.nat(255);
    fc.assert(
      fc.property(anywhere, byte, fc.constantFrom('change', 'drop', 'add', 'cut'), (at, value, how) => {
        const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)];
        const spoiled = {
          change: Buffer.concat([before, Buffer.of(value), after]),
          drop: Buffer.concat([before, after]),
          add: Buffer.concat([before, Buffer.of(value), bytes.subarray(at)]),
          cut: before,
        }[how];
        if (spoiled.equals(bytes)) return;
        writeFileSync(file, spoiled);
        expect(refusal()).not.toBe('taken');
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells a damaged plan, another format, no plan and no file apart', () => {
    const { text } = readLines(buildLines());
    writeFileSync(file, text.replace('"changes":2', '"changes":3'));
    expect(refusal()).toBe('PLAN_DAMAGED');
    writeFileSync(file, text.replace('"version":2', '"version":1'));
    expect(refusal()).toBe('PLAN_OTHER_VERSION');
    writeFileSync(file, 'Employee ID,User Login\nE1,ada\n');
    expect(refusal()).toBe('PLAN_OTHER_VERSION');
    writeFileSync(file, '');
    expect(refusal()).toBe('PLAN_DAMAGED');
    rmSync(file);
    expect(refusal()).toBe('PLAN_UNREADABLE');
  });

  it('refuses at the end a file that is no longer the one that was read', () => {
    writeFileSync(file, readLines(buildLines()).text);
    const plan = readPlan(file);
    writeFileSync(file, readLines(buildLines([buildChange({ seq: 1, key: 'E9' })])).text);
    expect(() => [...planChanges(plan)]).toThrow(expect.objectContaining({ code: 'PLAN_DAMAGED' }));
  });
});
