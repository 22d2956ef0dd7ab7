import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { sendingInThread } from '../../src/ledger/while-sending.ts';
import { outcome, run } from './build.ts';
import { type Directory, makeDirectory } from './directory.ts';

let directory: Directory;
beforeEach(() => {
  directory = makeDirectory();
});
afterEach(() => directory.remove());

describe('the thread of the ledger', () => {
  it('says why it cannot open the ledger, every time that it is asked, and ends all the same', async () => {
    const sending = sendingInThread(directory.path('nowhere/ledger.db'));
    for (let time = 1; time <= 2; time += 1) {
      await expect(sending.ready()).rejects.toMatchObject({ code: 'LEDGER_INACCESSIBLE', exit: 1 });
    }
    await sending.close();
  });

  it('refuses what is asked for once it is gone, instead of leaving it unanswered', async () => {
    const sending = sendingInThread(directory.path('ledger.db'));
    const ended = sending.ready().catch(() => undefined);
    await sending.close();
    await ended;
    await expect(sending.append(1, [])).rejects.toThrow('has ended');
    await expect(sending.readPlan({ run: 1, afterSeq: 0, limit: 100 })).rejects.toThrow('has ended');
    await sending.close();
  });

  it('says that nothing can be written, and the ledger still closes', async () => {
    const file = directory.path('ledger.db');
    const ledger = await openLedger(file, { ownThread: true });
    await ledger.startRun(run('run-1'));
    await expect(ledger.recordOutcomes('run-1', [outcome(1, 0)])).rejects.toThrow();
    await ledger.close();
    rmSync(file);
  });
});
