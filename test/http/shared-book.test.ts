import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock, RateLimit } from '../../src/domain/settings.ts';
import { createLimiter, type Limiter } from '../../src/http/limiter.ts';
import { paceOf } from '../../src/http/pace.ts';
import { openSharedBook, type SharedBook } from '../../src/http/shared-book.ts';
import { virtualClock } from './virtual-clock.ts';

let directory = '';
let path = '';
const books: SharedBook[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-limits-'));
  path = join(directory, 'ledger.db.limits');
});
afterEach(() => {
  for (const book of books.splice(0)) book.close();
  rmSync(directory, { recursive: true });
});

function bookOf(key = 'epm', onTrouble: (error: unknown) => void = fail): SharedBook {
  const book = openSharedBook({ path, key, onTrouble });
  books.push(book);
  return book;
}

function fail(error: unknown): void {
  throw error;
}

/** When so many requests are granted, asked for of both limiters in turn. */
async function grantTimes(limiters: readonly Limiter[], clock: Clock, count: number): Promise<number[]> {
  const times: number[] = [];
  await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      await limiters[index % limiters.length]?.acquire();
      times.push(clock.now());
    }),
  );
  return times.sort((one, other) => one - other);
}

function mostInWindow(times: readonly number[], perMs: number): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at <= from + perMs).length));
}

describe('limits that processes share', () => {
  it.each<RateLimit>([
    { requests: 5, perMs: 1_000 },
    { requests: 100, perMs: 1_000 },
    { requests: 1_000, perMs: 1_000 },
    { requests: 50, perMs: 60_000 },
  ])('hold for two limiters together: $requests in $perMs ms, used to 95 %', async (rate) => {
    const clock = virtualClock();
    const limiters = [bookOf(), bookOf()].map((book) => createLimiter([rate], clock, { book }));
    const count = rate.requests * 3;
    const startMs = clock.now();
    const times = await clock.runUntil(grantTimes(limiters, clock, count));
    expect(mostInWindow(times, rate.perMs)).toBeLessThanOrEqual(rate.requests);
    expect((count - 1) / (clock.now() - startMs)).toBeGreaterThanOrEqual((0.95 * rate.requests) / rate.perMs);
  });

  it('count what one of them sent late', async () => {
    const clock = virtualClock();
    const rates = [{ requests: 5, perMs: 1_000 }];
    const [one, other] = [bookOf(), bookOf()].map((book) => createLimiter(rates, clock, { book }));
    const grantedMs = clock.now();
    await one?.acquire();
    await clock.advance(500);
    one?.left(grantedMs);
    const sinceMs = clock.now();
    await clock.runUntil(other?.acquire() ?? Promise.reject(new Error('no limiter')));
    expect(clock.now() - sinceMs).toBeGreaterThan(190);
  });

  it('are apart for another credential', async () => {
    const clock = virtualClock();
    const rates = [{ requests: 1, perMs: 60_000 }];
    const [one, other] = ['a', 'b'].map((key) => createLimiter(rates, clock, { book: bookOf(key) }));
    const startMs = clock.now();
    await one?.acquire();
    await other?.acquire();
    expect(clock.now()).toBe(startMs);
  });

  it('are remembered when a process has ended', async () => {
    const clock = virtualClock();
    const rates = [{ requests: 1, perMs: 60_000 }];
    const first = bookOf();
    await createLimiter(rates, clock, { book: first }).acquire();
    first.close();
    const startMs = clock.now();
    const next = createLimiter(rates, clock, { book: bookOf() }).acquire();
    await clock.runUntil(next);
    expect(clock.now() - startMs).toBe(60_900);
  });

  it('count records together', async () => {
    const clock = virtualClock();
    const recordRates = [{ records: 1_000, perMs: 60_000 }];
    const [one, other] = [bookOf(), bookOf()].map((book) => createLimiter([], clock, { book, recordRates }));
    const startMs = clock.now();
    await one?.acquire(undefined, 400);
    await clock.runUntil((async () => other?.acquire(undefined, 400))());
    await clock.runUntil((async () => one?.acquire(undefined, 400))());
    expect(clock.now() - startMs).toBeGreaterThanOrEqual(60_000);
  });

  it('let a pause hold all, where there is no rate too', async () => {
    const clock = virtualClock();
    const [one, other] = [bookOf(), bookOf()].map((book) => createLimiter([], clock, { book }));
    const startMs = clock.now();
    await other?.acquire();
    one?.pauseUntil(startMs + 30_000);
    await clock.advance(60);
    await clock.runUntil((async () => other?.acquire())());
    expect(clock.now() - startMs).toBe(30_000);
  });

  it('go on in one process when the file cannot be used, and that is told once', async () => {
    const clock = virtualClock();
    const told: unknown[] = [];
    path = directory;
    const limiter = createLimiter([{ requests: 1, perMs: 1_000 }], clock, {
      book: bookOf('epm', (error) => told.push(error)),
    });
    const startMs = clock.now();
    await limiter.acquire();
    await clock.runUntil(limiter.acquire());
    expect(clock.now() - startMs).toBe(1_015);
    expect(told).toHaveLength(1);
  });

  it('are written anew when the file is damaged, readable by its owner only', () => {
    writeFileSync(path, 'this is no database, and it is long enough to be taken for one'.repeat(20));
    const pace = paceOf([{ requests: 1, perMs: 1_000 }], []);
    expect(bookOf().take(pace, { nowMs: 1_000, sinceMs: 1_000, records: 1 })).toBe(0);
    rmSync(path);
    bookOf('new');
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('hold for two processes at once', { timeout: 30_000 }, async () => {
    const ask = `
      import { systemClock } from '${new URL('../../src/http/clock.ts', import.meta.url)}';
      import { createLimiter } from '${new URL('../../src/http/limiter.ts', import.meta.url)}';
      import { openSharedBook } from '${new URL('../../src/http/shared-book.ts', import.meta.url)}';
      const book = openSharedBook({ path: process.argv[1], key: 'epm', onTrouble(error) { throw error; } });
      // The moment that counts is the one that is written down: a busy machine may let the process go on much later.
      const told = {
        ...book,
        take(pace, ask) {
          const dueMs = book.take(pace, ask);
          if (dueMs === 0) process.stdout.write(ask.nowMs + '\\n');
          return dueMs;
        },
      };
      const limiter = createLimiter([{ requests: 40, perMs: 1000 }], systemClock, { book: told });
      for (let n = 0; n < 60; n += 1) await limiter.acquire();
    `;
    const times = await Promise.all([output(ask, path), output(ask, path)]);
    const all = times.flat().sort((one, other) => one - other);
    expect(all).toHaveLength(120);
    expect(mostInWindow(all, 1_000)).toBeLessThanOrEqual(40);
  });
});

async function output(source: string, file: string): Promise<readonly number[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return text.trim().split('\n').map(Number);
}
