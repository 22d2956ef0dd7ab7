import { afterEach, describe, expect, it } from 'vitest';
import { unforeseen } from '../../src/run/unforeseen.ts';
import { fullDisk, watchDisk } from '../harness/simulation/sim-disk.ts';
import { StoppingWorld } from './stopping-world.ts';

afterEach(() => watchDisk(null));

describe('a disk that is full', () => {
  it('from any write of the ledger on ends the run with 1 when nothing was written, and with 4 after that', async () => {
    using world = new StoppingWorld();
    const job = await world.job();
    const ends: string[] = [];
    for (let fullFrom = 1; ends.at(-1) !== '0'; fullFrom += 1) {
      world.writeFeed({ 1: `Clerk ${fullFrom}`, 2: `Clerk ${fullFrom}` });
      const before = world.writes.length;
      let commits = 0;
      watchDisk({
        before: (path) => {
          if (path !== job.ledger) return;
          commits += 1;
          if (commits >= fullFrom) throw fullDisk();
        },
        after: () => undefined,
      });
      const { code, exit } = await world.apply(job);
      watchDisk(null);
      const isWritten = world.writes.length > before;
      ends.push(`${exit ?? code}`);
      if (exit !== null)
        expect([fullFrom, code, exit]).toEqual([fullFrom, 'LEDGER_NOT_WRITTEN', isWritten ? 4 : 1]);
    }
    expect(new Set(ends)).toEqual(new Set(['1', '4', '0']));
  });

  it.each([
    [Object.assign(new Error('no space left'), { code: 'ENOSPC' }), 'DISK_NOT_WRITTEN'],
    [Object.assign(new Error('database or disk is full'), { errcode: 13 }), 'DISK_NOT_WRITTEN'],
    [Object.assign(new Error('disk I/O error'), { errcode: 10 + 4 * 256 }), 'DISK_NOT_WRITTEN'],
    [Object.assign(new Error('UNIQUE constraint failed'), { errcode: 2067 }), 'BUG'],
    [new TypeError('x is not a function'), 'BUG'],
  ])('is told from a bug: %s', (error, code) => {
    expect([unforeseen(error, 1).code, unforeseen(error, 4).exit]).toEqual([code, 4]);
  });
});
