import process from 'node:process';
import { seeded } from '../../http/window-target.ts';
import { type CrashEnd, CrashWorld, type Death } from './crash-world.ts';

/*
 * A process of `npm run crash`: people, seed, and the kills; 7 is a kill at step 7, r7 the seventh random one. Sends one
 * message for each.
 */

export interface Crash {
  readonly name: string;
  readonly died: string | null;
  readonly steps: number | null;
  readonly violations: readonly string[];
}

/** A journal grows from day to day; a new world begins with an empty one. */
const daysPerWorld = 60;

const [people = '500', seed = '1', ...kills] = process.argv.slice(2);
let random = seeded(Number(seed));

/** Half of the random kills come at a step, half at a moment. */
function deathOf(name: string, whole: { readonly steps: number; readonly tookMs: number }): Death {
  if (!name.startsWith('r')) return { step: Number(name) };
  random = seeded(Number(seed) * 7_919 + Number(name.slice(1)));
  const draw = random();
  return random() < 0.5 ? { step: 1 + Math.floor(draw * whole.steps) } : { afterMs: draw * whole.tookMs };
}

function isMissed(name: string, { died, violations }: CrashEnd): boolean {
  return name.startsWith('r') && died === null && violations.length === 0;
}

for (let at = 0; at < kills.length; at += daysPerWorld) {
  await using world = await CrashWorld.open(Number(people), random);
  const started = performance.now();
  // A day on which nobody dies tells how long one takes.
  const { steps, violations } = await world.crash({ step: 0 });
  const tookMs = (performance.now() - started) * 0.6;
  if (violations.length > 0 || steps === null) throw new Error(`Without a kill: ${violations.join('; ')}`);
  for (const [index, name] of kills.slice(at, at + daysPerWorld).entries()) {
    // Every other run that dies is gone on with by hand, before today's apply comes.
    let end = await world.crash(deathOf(name, { steps, tookMs }), { resume: index % 2 === 1 });
    // A run that came to its end before its moment was no kill: another day, a little earlier.
    for (let share = 0.8; isMissed(name, end); share *= 0.8)
      end = await world.crash(deathOf(name, { steps: steps * share, tookMs: tookMs * share }));
    const crash: Crash = { name, ...end };
    await new Promise((resolve) => process.send?.(crash, undefined, {}, resolve));
  }
}
process.disconnect();
