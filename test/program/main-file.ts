import { fileURLToPath } from 'node:url';

/**
 * The program that a test starts: in a run of the suite one file with everything in it, which `bundle.ts` made of
 * the sources just before, because the suite starts it a thousand times and that loads in a third of the time.
 */
export const mainFile =
  process.env.ROLLCALL_TEST_PROGRAM ?? fileURLToPath(new URL('../../src/main.ts', import.meta.url));
