import { describe, it } from 'vitest';
import { isLong } from '../long.ts';
import { runScript, unhurried } from './run-script.ts';

const seeds = isLong ? ['400', '--lanes', '2'] : ['20', '--again', '20', '--lanes', '1'];
const runs = isLong ? ['400', '--lanes', '2'] : ['40', '--lanes', '1'];

describe('the real engine on a clock of its own', unhurried, () => {
  it('keeps its promises in seeds of faults and crashes, and leaves the same trace twice', async ({
    expect,
  }) => {
    const { code, output } = await runScript('simulate.ts', '--seeds', ...seeds);
    expect(output).toMatch(/: 0 seeds with violations, 0 of [1-9]\d* repeated seeds with another trace/);
    expect(code).toBe(0);
  });

  it('accounts for every row and every write of random runs', async ({ expect }) => {
    const { code, output } = await runScript('audit-runs.ts', '--runs', ...runs);
    expect(output).toContain('0 seeds with mismatches');
    expect(code).toBe(0);
  });
});
