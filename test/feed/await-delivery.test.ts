import { rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Clock, Delivery } from '../../src/domain/settings.ts';
import { awaitDelivery } from '../../src/feed/await-delivery.ts';
import { type FeedFile, findFeedFile } from '../../src/feed/feed-file.ts';
import { temporaryDirectory } from './feeds.ts';

/** Time passes while somebody sleeps, and only then; during the first sleep something may happen. */
class SleepClock implements Clock {
  nowMs: number;
  meanwhile: () => Promise<unknown> = async () => undefined;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const happens = this.meanwhile;
    this.meanwhile = async () => undefined;
    await happens();
    if (signal?.aborted === true) throw signal.reason;
    this.nowMs += ms;
  }
}

interface Inbox {
  readonly path: string;
  readonly clock: SleepClock;
  wait(delivery: Partial<Delivery>, signal?: AbortSignal): Promise<FeedFile>;
}

/** A folder where a feed is expected. */
async function inbox(content: string | null): Promise<Inbox> {
  const path = join(await temporaryDirectory(), 'hr.csv');
  if (content !== null) await writeFile(path, content);
  const clock = new SleepClock(content === null ? Date.now() : (await stat(path)).ctimeMs);
  const { signal: never } = new AbortController();
  return {
    path,
    clock,
    wait: (delivery, signal = never) => {
      const all = { marker: null, stableMs: 0, waitMs: 0, ...delivery };
      return awaitDelivery(all, () => findFeedFile(path), { clock, signal });
    },
  };
}

describe('the delivery of a feed', () => {
  it('needs nothing where the job says nothing', async () => {
    const { wait, path } = await inbox('id\n');
    expect(await wait({})).toMatchObject({ name: path });
  });

  it('is waited for until the marker is there', async () => {
    const { wait, path, clock } = await inbox('id\n');
    const began = clock.now();
    clock.meanwhile = () => writeFile(`${path}.done`, '');
    expect((await wait({ marker: '*.done', waitMs: 60_000 })).name).toBe(path);
    expect(clock.now() - began).toBe(1_000);
  });

  it.each([0, 60_000])('without its marker ends in a passing failure after %i ms', async (waitMs) => {
    const { wait, clock } = await inbox('id\n');
    const began = clock.now();
    await expect(wait({ marker: '*.done', waitMs })).rejects.toMatchObject({
      code: 'FEED_NOT_READY',
      exit: 75,
      message: expect.stringMatching(/its marker .*hr\.csv\.done is missing/),
    });
    expect(clock.now() - began).toBe(waitMs);
  });

  it('is not shown by the marker of an earlier one', async () => {
    const { wait, path } = await inbox('id\n');
    await writeFile(`${path}.done`, '');
    await utimes(`${path}.done`, new Date(0), new Date(0));
    await expect(wait({ marker: '*.done' })).rejects.toThrow(/is older than it/);
  });

  it('is over once the file has not changed for so long, whatever time a copying tool gave it', async () => {
    const { wait, path, clock } = await inbox('id\n');
    await utimes(path, new Date(0), new Date(0));
    const began = clock.now();
    await expect(wait({ stableMs: 30_000 })).rejects.toMatchObject({ code: 'FEED_NOT_READY', exit: 75 });
    await wait({ stableMs: 30_000, waitMs: 60_000 });
    expect(clock.now() - began).toBeGreaterThanOrEqual(30_000);
  });

  it('gives the file as it is then, another one included', async () => {
    const { wait, path, clock } = await inbox('id\n');
    clock.meanwhile = async () => {
      await writeFile(`${path}.new`, 'id\n1\n');
      await rename(`${path}.new`, path);
      await writeFile(`${path}.done`, '');
    };
    expect((await wait({ marker: '*.done', waitMs: 60_000 })).identity.bytes).toBe(5n);
  });

  it('may begin while it is waited for, and a feed that never comes is missing', async () => {
    const { wait, path, clock } = await inbox(null);
    clock.meanwhile = async () => {
      await writeFile(path, 'id\n');
      await writeFile(`${path}.done`, '');
    };
    expect((await wait({ marker: '*.done', waitMs: 60_000 })).name).toBe(path);
    await rm(path);
    await expect(wait({ waitMs: 5_000 })).rejects.toMatchObject({ code: 'FEED_MISSING', exit: 1 });
  });

  it('is no longer waited for once the run is told to stop', async () => {
    const { wait, clock } = await inbox('id\n');
    const stopping = new AbortController();
    clock.meanwhile = async () => stopping.abort();
    const ready = wait({ marker: '*.done', waitMs: 60_000 }, stopping.signal);
    await expect(ready).rejects.toMatchObject({ code: 'INTERRUPTED', exit: 75 });
  });
});
