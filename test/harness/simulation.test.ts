import { describe, it } from 'vitest';
import { runScript, unhurried } from './run-script.ts';

describe('the real engine on a clock of its own', unhurried, () => {
  it('keeps its promises in 200 seeds of faults and crashes, and leaves the same trace twice', async ({
    expect,
  }) => {
    const { code, output } = await runScript('simulate.ts', '--seeds', '200', '--lanes', '2');
    expect(output).toContain('0 seeds with violations, 0 of 4 repeated seeds with another trace');
    expect(code).toBe(0);
  });

  it('accounts for every row and every write of 300 random runs', async ({ expect }) => {
    const { code, output } = await runScript('audit-runs.ts', '--runs', '300', '--lanes', '2');
    expect(output).toContain('0 seeds with mismatches');
    expect(code).toBe(0);
  });
});
