import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/program/bundle.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 4,
    // The files of a worker share its modules: loading all of them anew for each file took a third of the time.
    isolate: false,
  },
});
