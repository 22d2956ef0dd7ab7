import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/change.ts';
import { openReviewedChanges } from '../../src/plan/reviewed-changes.ts';
import { buildChange } from '../report/build.ts';

let folder = '';
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'rollcall-reviewed-')), 'scratch');
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

const change = (seq: number, linkKey: string, userId: string | null): Change =>
  buildChange({ seq, linkKey, userId });

describe('the changes of a reviewed plan', () => {
  it('are given once each, and those that nobody asked for remain', () => {
    const all = [change(1, 'e1', 'u1'), change(2, 'e2', null), change(3, 'e3', 'u3')];
    const reviewed = openReviewedChanges(folder, all);
    expect(reviewed.take('e2', null)).toEqual(all[1]);
    expect(reviewed.take('e2', null)).toBeNull();
    expect(reviewed.take('e9', null)).toBeNull();
    expect([...reviewed.rest()]).toEqual([all[0], all[2]]);
    reviewed.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('are found by the person even when the user is another one now, by the user where there are several', () => {
    const reviewed = openReviewedChanges(folder, [
      change(1, 'e1', 'u1'),
      change(2, 'e1', 'u2'),
      change(3, 'e2', null),
    ]);
    expect(reviewed.take('e1', 'u2')?.seq).toBe(2);
    expect(reviewed.take('e1', 'u7')?.seq).toBe(1);
    expect(reviewed.take('e2', 'u3')?.seq).toBe(3);
    reviewed.close();
  });

  it('leave no scratch file behind when the plan breaks off', () => {
    const broken = (function* () {
      yield change(1, 'e1', null);
      throw new Error('damaged');
    })();
    expect(() => openReviewedChanges(folder, broken)).toThrow('damaged');
    expect(existsSync(folder)).toBe(false);
  });
});
