import { describe, expect, it } from 'vitest';
import type { Item } from '../../src/contracts/provider.ts';
import type { Change } from '../../src/domain/change.ts';
import type { User } from '../../src/domain/user.ts';
import { buildChange, buildStep } from '../report/build.ts';
import { type Answer, exists, success, trouble } from './fake-target.ts';
import { resultsOf, world, type World } from './world.ts';

const records = 1_000;

/** A target that takes every write, and drops the reply of whatever it has not been sent before. */
class DroppingTarget {
  /** How often each record was written. */
  readonly written = new Map<string, number>();
  readonly #refusesTwice: boolean;
  readonly #remembersKeys: boolean;
  readonly #keys = new Set<string>();

  constructor(options: Pick<Ways, 'refusesTwice' | 'keyLifetimeMs'>) {
    this.#refusesTwice = options.refusesTwice;
    this.#remembersKeys = options.keyLifetimeMs !== undefined;
  }

  write(items: readonly Item[]): Answer {
    let isFirst = false;
    const outcomes = items.map((item) => {
      const name = nameOf(item);
      const times = this.written.get(name) ?? 0;
      isFirst ||= times === 0;
      if (times > 0 && this.#refusesTwice) return exists;
      const { key = '' } = item;
      if (this.#remembersKeys && this.#keys.has(key)) return success;
      this.#keys.add(key);
      this.written.set(name, times + 1);
      return success;
    });
    return isFirst ? trouble('unanswered') : outcomes;
  }

  find(item: Item): User | undefined {
    const name = nameOf(item);
    return this.written.has(name) ? { id: `id of ${name}`, active: true, attributes: {} } : undefined;
  }
}

function nameOf({ attributes }: Item): string {
  return String(attributes.userName);
}

function creations(action: string): readonly Change[] {
  return Array.from({ length: records }, (_, index) =>
    buildChange({
      seq: index + 1,
      userId: null,
      user: null,
      operation: 'create',
      after: { userName: `p${index + 1}` },
      steps: [buildStep({ action })],
    }),
  );
}

interface Ways {
  readonly action: string;
  readonly canLookUp: boolean;
  readonly refusesTwice: boolean;
  readonly batchSize: number;
  /** Set for a target that remembers keys: for how long. */
  readonly keyLifetimeMs?: number;
}

async function sendAll({ action, canLookUp, refusesTwice, batchSize, keyLifetimeMs }: Ways): Promise<{
  readonly made: World;
  readonly target: DroppingTarget;
}> {
  const target = new DroppingTarget({
    refusesTwice,
    ...(keyLifetimeMs === undefined ? {} : { keyLifetimeMs }),
  });
  const made = world({
    limits: { concurrency: 8, batchSize },
    write: (items) => target.write(items),
    find: (item) => (canLookUp ? target.find(item) : undefined),
    tools: {
      provider: {
        verdict: (_, found) => {
          if (!canLookUp) return 'cannotTell';
          return found === undefined ? 'notApplied' : 'applied';
        },
        createOnly: (step) => step.action === 'add',
        keyLifetimeMs: () => keyLifetimeMs ?? 0,
        idOf: ({ userName }) => `id of ${userName}`,
      },
    },
  });
  expect(await made.run(creations(action))).toBeNull();
  return { made, target };
}

function timesWritten({ written }: DroppingTarget): readonly number[] {
  return [...written.values()];
}

function count(made: World): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of Object.values(resultsOf(made))) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}

describe.each([1, 100])('when every first answer to requests of %i is lost', (batchSize) => {
  it('nothing is written twice where a look-up tells what took effect', async () => {
    const { made, target } = await sendAll({
      action: 'create',
      canLookUp: true,
      refusesTwice: false,
      batchSize,
    });
    expect(timesWritten(target)).toEqual(Array(records).fill(1));
    expect(count(made)).toEqual({ succeeded: records });
  });

  it('everything is unknown, and nothing sent again, where nobody can tell', async () => {
    const { made, target } = await sendAll({
      action: 'create',
      canLookUp: false,
      refusesTwice: false,
      batchSize,
    });
    expect(timesWritten(target)).toEqual(Array(records).fill(1));
    expect(count(made)).toEqual({ unknown: records });
  });

  const blind = { action: 'create', canLookUp: false, refusesTwice: false, batchSize } as const;

  it('nothing is written twice where nobody can tell and the target remembers keys', async () => {
    const { made, target } = await sendAll({ ...blind, keyLifetimeMs: 3_600_000 });
    expect(timesWritten(target)).toEqual(Array(records).fill(1));
    expect(count(made)).toEqual({ succeeded: records });
  });

  it('everything is unknown, and nothing sent again, where the target has forgotten its keys by then', async () => {
    // The wait before a look-up is one second.
    const { made, target } = await sendAll({ ...blind, keyLifetimeMs: 1_000 });
    expect(timesWritten(target)).toEqual(Array(records).fill(1));
    expect(count(made)).toEqual({ unknown: records });
  });

  it('a step that only creates is sent again, and what then exists is taken for done', async () => {
    const { made, target } = await sendAll({
      action: 'add',
      canLookUp: false,
      refusesTwice: true,
      batchSize,
    });
    expect(timesWritten(target)).toEqual(Array(records).fill(1));
    expect(count(made)).toEqual({ succeeded: records });
  });
});
