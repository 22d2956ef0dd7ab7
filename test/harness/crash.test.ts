import { describe, it } from 'vitest';
import { isLong } from '../long.ts';
import { hasStrace } from './order/strace.ts';
import { runScript, unhurried } from './run-script.ts';

const sizes = isLong
  ? {
      crash: ['--people', '40', '--every', '6', '--kills', '30', '--lanes', '2'],
      pairs: ['--pairs', '24', '--lanes', '2'],
      disk: ['--people', '30', '--every', '3'],
      lost: ['--people', '200'],
      order: ['--people', '500'],
    }
  : {
      crash: ['--people', '12', '--steps', '160', '--every', '50', '--kills', '3', '--lanes', '1'],
      pairs: ['--pairs', '4', '--lanes', '1'],
      disk: ['--people', '12', '--every', '25'],
      lost: ['--people', '60', '--provider', 'oracle-epm', '--provider', 'scim'],
      order: ['--people', '60'],
    };

describe('the real program', unhurried, () => {
  it('killed at its steps in turn, and at random, is finished by the next apply', async ({ expect }) => {
    const { code, output } = await runScript('crash.ts', ...sizes.crash);
    expect(output).toContain('0 after which somebody was lost, doubled, misreported, or the ledger harmed');
    expect(code).toBe(0);
  });

  it('is run once at a time, whoever is killed or stopped', async ({ expect }) => {
    const { code, output } = await runScript('pairs.ts', ...sizes.pairs);
    expect(output).toContain(': 0 bad');
    expect(code).toBe(0);
  });

  it('sends nothing once the ledger cannot be written, and goes on when it can', async ({ expect }) => {
    const { code, output } = await runScript('disk.ts', ...sizes.disk);
    expect(output).not.toMatch(/[1-9]\d* bad/);
    expect(code).toBe(0);
  });

  it('has nobody twice whose answers are lost', async ({ expect }) => {
    const { code, output } = await runScript('lost.ts', ...sizes.lost);
    expect(output).toMatch(/without look-up: (\d+) of \1 unknown, exit 4, \1 creates taken/);
    expect(code).toBe(0);
  });

  it.skipIf(!hasStrace())(
    'syncs each intent before its step leaves, by its system calls',
    async ({ expect }) => {
      const { code, output } = await runScript('order.ts', ...sizes.order);
      expect(output).toContain("0 sent before their intent's sync");
      expect(code).toBe(0);
    },
  );
});

describe.runIf(isLong)('the harness', unhurried, () => {
  it('sees every bug that is planted', async ({ expect }) => {
    const { code, output } = await runScript('planted.ts', '--lanes', '2');
    expect(output).not.toContain('MISSED');
    expect(code).toBe(0);
  });
});
