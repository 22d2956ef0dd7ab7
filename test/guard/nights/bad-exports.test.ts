import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { badExports } from './bad-exports.ts';
import { judgeExports } from './judge-exports.ts';

const patient = 400_000;

// `npm run bad-exports` shows which guard holds each, its limit and its figure.
it(
  'holds or refuses every bad export of 300 people before the first write, with the guards as they are',
  async () => {
    const all = await judgeExports(300);
    expect(all.filter(({ answer, wanted }) => answer !== wanted)).toEqual([]);
    const held = all.filter(({ exit }) => exit === 3);
    expect(held.length).toBeGreaterThan(50);
    expect(held.filter(({ writes }) => writes > 0)).toEqual([]);
    const page = readFileSync('src/guard/README.md', 'utf8');
    expect(page).toContain(`each of ${all.length} exports`);
    expect(page).toContain(`before the first write: ${held.length}.`);
  },
  patient,
);

it(
  'says of each guard that holds an export what was counted, what is allowed and what to do',
  async () => {
    const all = await judgeExports(
      60,
      badExports.filter((_, place) => place % 3 === 0),
    );
    const guards = all.flatMap(({ guards }) => guards);
    expect(guards.length).toBeGreaterThan(20);
    for (const { name, limit, actual, advice } of guards) {
      expect(advice, name).toMatch(/Ask |Get |Look at |Read |Check |See /);
      if (name === 'feedOlder' || name === 'feedWhole' || actual === 0) continue;
      expect(advice, name).toContain(String(actual));
      if (limit !== null) expect(advice, name).toContain(String(limit));
    }
  },
  patient,
);

it(
  'lets a bad export of 12 people do no more than to three of them at once',
  async () => {
    const all = await judgeExports(12);
    const taken = all.filter(({ answer }) => answer === 'harmful');
    expect(all.filter(({ answer }) => answer === 'held').length).toBeGreaterThan(40);
    for (const { title, wrong } of taken) {
      for (const op of ['create', 'disable', 'remove', 'remove-from-group']) {
        const people = new Set(wrong.filter((write) => write.op === op).map(({ key }) => key));
        expect(people.size, `${title}: ${op}`).toBeLessThanOrEqual(3);
      }
    }
  },
  patient,
);
