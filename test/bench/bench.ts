import { benchDispatch } from './dispatch.ts';
import { benchFeed } from './feed.ts';
import { benchLimiter } from './limiter.ts';
import { benchPlan } from './plan.ts';
import { print } from './print.ts';

/** Each part prints its figures and tells whether its bars hold. */
const parts: Readonly<Record<string, () => Promise<boolean>>> = {
  plan: benchPlan,
  feed: benchFeed,
  dispatch: benchDispatch,
  limiter: benchLimiter,
};

const name = process.argv[2] ?? 'plan';
const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
if (part === undefined) {
  print(`There is no bench ${name}: ${Object.keys(parts).join(', ')}.`);
  process.exitCode = 1;
} else if (!(await part())) {
  process.exitCode = 1;
}
