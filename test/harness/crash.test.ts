import { describe, it } from 'vitest';
import { hasStrace } from './order/strace.ts';
import { runScript, unhurried } from './run-script.ts';

describe('the real program', unhurried, () => {
  it('killed at its steps in turn, and at random, is finished by the next apply', async ({ expect }) => {
    const { code, output } = await runScript('crash.ts', '--people', '40', '--every', '6', '--kills', '5');
    expect(output).toContain('0 after which somebody was lost, doubled, misreported, or the ledger harmed');
    expect(code).toBe(0);
  });

  it('is run once at a time, whoever is killed or stopped', async ({ expect }) => {
    const { code, output } = await runScript('pairs.ts', '--pairs', '4', '--lanes', '2');
    expect(output).toContain('0 bad');
    expect(code).toBe(0);
  });

  it('sends nothing once the ledger cannot be written, and goes on when it can', async ({ expect }) => {
    const { code, output } = await runScript('disk.ts', '--people', '30', '--every', '8');
    expect(output).not.toMatch(/[1-9]\d* bad/);
    expect(code).toBe(0);
  });

  it('has nobody twice whose answers are lost, through any provider', async ({ expect }) => {
    const { code, output } = await runScript('lost.ts', '--people', '200');
    expect(output).toContain('without look-up: 200 of 200 unknown, exit 4, 200 creates taken');
    expect(code).toBe(0);
  });

  it.skipIf(!hasStrace())(
    'syncs each intent before its step leaves, by its system calls',
    async ({ expect }) => {
      const { code, output } = await runScript('order.ts', '--people', '120');
      expect(output).toContain("0 sent before their intent's sync");
      expect(code).toBe(0);
    },
  );
});
