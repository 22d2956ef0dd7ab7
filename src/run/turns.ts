import { setImmediate } from 'node:timers/promises';
import { Failure } from '../domain/failure.ts';
import type { World } from './world.ts';

/** People, or changes, between two turns: a signal is heard within milliseconds, and a turn costs nothing beside them. */
export const turnEvery = 1_000;

/** Lets signals, timers and sockets have their turn; ends a run that was told to stop before it wrote anything. */
export async function takeTurn(world: Pick<World, 'signal'>): Promise<void> {
  await setImmediate();
  stopIfTold(world);
}

/** Ends a run that was told to stop before it wrote anything. */
export function stopIfTold({ signal }: Pick<World, 'signal'>): void {
  if (!signal.aborted) return;
  throw new Failure({
    code: 'INTERRUPTED',
    message: 'The run was told to stop before it had a plan.',
    hint: 'Run the same command again.',
    exit: 75,
  });
}
