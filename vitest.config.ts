import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/program/bundle.ts',
    // The harness takes minutes: `npm run test:long` runs it.
    exclude: process.env.ROLLCALL_LONG === '1' ? [] : ['test/harness/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 4,
  },
});
