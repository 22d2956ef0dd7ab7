import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writePlan } from '../../src/plan/write-plan.ts';
import { buildChange } from '../report/build.ts';
import { buildLines, changes, readLines } from './build.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rollcall-plan-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('writing a plan', () => {
  it('writes every line and gives the hash', async () => {
    const file = path.join(folder, 'plan.ndjson');
    const { text, hash } = readLines(buildLines());
    expect(await writePlan(file, buildLines())).toBe(hash);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(readdirSync(folder)).toEqual(['plan.ndjson']);
  });

  it('lets only the owner read it, whoever could read what stood there before', async () => {
    const file = path.join(folder, 'plan.ndjson');
    writeFileSync(file, 'older', { mode: 0o644 });
    await writePlan(file, buildLines());
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('writes plans that are larger than its buffer, and lets others have their turn meanwhile', async () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      buildChange({ seq: index + 1, key: 'é'.repeat(50) }),
    );
    const file = path.join(folder, 'plan.ndjson');
    let turns = 0;
    await writePlan(file, buildLines(many), async () => {
      turns += 1;
    });
    expect(turns).toBeGreaterThan(1);
    expect(readFileSync(file, 'utf8')).toBe(readLines(buildLines(many)).text);
  });

  it('leaves nothing behind when the changes break off, and what stood there as it was', async () => {
    const file = path.join(folder, 'plan.ndjson');
    writeFileSync(file, 'older');
    const broken = (function* () {
      yield* changes;
      throw new Error('the comparison broke off');
    })();
    await expect(writePlan(file, buildLines(broken))).rejects.toThrow('the comparison broke off');
    expect(readdirSync(folder)).toEqual(['plan.ndjson']);
    expect(readFileSync(file, 'utf8')).toBe('older');
  });

  it('says which file could not be written when the folder is missing', async () => {
    const file = path.join(folder, 'nowhere', 'plan.ndjson');
    await expect(writePlan(file, buildLines())).rejects.toThrow(
      expect.objectContaining({ code: 'PLAN_NOT_WRITTEN', exit: 1, message: expect.stringContaining(file) }),
    );
  });

  it('leaves nothing behind when the file cannot take its place', async () => {
    const file = path.join(folder, 'plan.ndjson');
    mkdirSync(path.join(file, 'in the way'), { recursive: true });
    await expect(writePlan(file, buildLines())).rejects.toThrow(
      expect.objectContaining({ code: 'PLAN_NOT_WRITTEN' }),
    );
    expect(readdirSync(folder)).toEqual(['plan.ndjson']);
  });
});
