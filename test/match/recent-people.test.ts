import { describe, expect, it } from 'vitest';
import { staged } from './build.ts';

const [monday, tuesday, friday] = ['2026-11-30', '2026-12-01', '2026-12-04'].map(
  (day) => `${day}T02:00:00.000Z`,
);
const act = (linkKey: string, at = '', kind = 'disables') => ({ kind, linkKey, at });

describe('whom runs wrote lately', () => {
  it('is counted once for each kind, from a moment on', () => {
    staged({}, ({ matching: { recent } }) => {
      recent.add([act('E1', monday), act('E2', tuesday), act('E2', friday), act('E2', monday)]);
      recent.add([act('E3', friday, 'updates')]);
      expect(recent.count('disables', monday ?? '')).toBe(2);
      expect(recent.count('disables', tuesday ?? '')).toBe(1);
      expect(recent.count('removals', monday ?? '')).toBe(0);
    });
  });

  it('is known with the last time', () => {
    staged({}, ({ matching: { recent } }) => {
      expect(recent.lastAt('disables', 'E1')).toBeNull();
      recent.add([act('E1', friday), act('E1', monday)]);
      expect(recent.lastAt('disables', 'E1')).toBe(friday);
      expect(recent.lastAt('updates', 'E1')).toBeNull();
      expect(recent.lastAt('disables', 'E2')).toBeNull();
    });
  });
});
