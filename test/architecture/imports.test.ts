import { describe, expect, it } from 'vitest';
import { brokenImports } from './import-rule.ts';
import { importsIn, readImports } from './read-imports.ts';

describe('the imports of src', () => {
  const imports = readImports('src');

  it('point one way', () => {
    expect(brokenImports(imports)).toEqual([]);
  });

  it('are found at all', () => {
    expect(imports).toContainEqual({ from: 'run/run-job.ts', to: 'run/make-plan.ts' });
    expect(imports).toContainEqual({ from: 'main.ts', to: 'cli/run-program.ts' });
    expect(imports).toContainEqual({ from: 'providers/registry.ts', to: 'providers/oracle-epm/index.ts' });
    expect(imports).toContainEqual({ from: 'http/send.ts', to: 'undici' });
  });
});

describe('the rule of imports', () => {
  const planted = [
    { from: 'feed/read-csv.ts', to: 'ledger/open-ledger.ts', because: 'no stage imports another' },
    { from: 'http/send.ts', to: 'job/secret.ts', because: 'no stage imports another' },
    { from: 'dispatch/dispatch.ts', to: 'run/world.ts', because: 'dispatch may not import run' },
    { from: 'report/verdict.ts', to: 'cli/text.ts', because: 'report may not import cli' },
    { from: 'run/run-job.ts', to: 'cli/terminal.ts', because: 'run may not import cli' },
    { from: 'run/run-job.ts', to: 'providers/acme/index.ts', because: 'only the registry names vendors' },
    {
      from: 'cli/validate-command.ts',
      to: 'providers/acme/config.ts',
      because: 'only the registry names vendors',
    },
    { from: 'job/job.ts', to: 'providers/registry.ts', because: 'job may not import provider registry' },
    {
      from: 'providers/acme/users.ts',
      to: 'providers/other/users.ts',
      because: 'vendors never import each other',
    },
    { from: 'providers/acme/users.ts', to: 'http/send.ts', because: 'provider may not import http' },
    {
      from: 'providers/acme/users.ts',
      to: 'sandboxes/journal.ts',
      because: 'provider may not import sandboxes',
    },
    {
      from: 'sandboxes/acme/lists.ts',
      to: 'providers/acme/wire.ts',
      because: 'only the registry names vendors',
    },
    {
      from: 'sandboxes/front.ts',
      to: 'contracts/provider.ts',
      because: 'sandboxes may not import contracts',
    },
    { from: 'sandboxes/front.ts', to: 'http/address.ts', because: 'sandboxes may not import http' },
    {
      from: 'sandboxes/acme/lists.ts',
      to: 'sandboxes/other/lists.ts',
      because: 'vendors never import each other',
    },
    { from: 'sandboxes/front.ts', to: 'sandboxes/acme/lists.ts', because: 'only the registry names vendors' },
    { from: 'feed/read-csv.ts', to: 'sandboxes/read-lines.ts', because: 'feed may not import sandboxes' },
    { from: 'contracts/ledger.ts', to: 'ledger/runs.ts', because: 'contracts may not import ledger' },
    { from: 'domain/user.ts', to: 'contracts/ledger.ts', because: 'domain may not import contracts' },
    { from: 'domain/user.ts', to: 'zod', because: 'domain imports nothing outside domain' },
    { from: 'diff/diff-pair.ts', to: 'node:fs', because: 'diff reads no disk, network or clock' },
    { from: 'helpers/text.ts', to: 'domain/user.ts', because: 'the rule does not know helpers' },
    { from: 'main.ts', to: 'run/run-job.ts', because: 'main may not import run' },
  ];

  it.each(planted)('refuses $to in $from', ({ from, to, because }) => {
    expect(brokenImports([{ from, to }])).toEqual([`src/${from} imports ${to}: ${because}`]);
  });

  const fine = [
    { from: 'cli/validate-command.ts', to: 'feed/read-feed.ts' },
    { from: 'cli/sandbox-command.ts', to: 'sandboxes/start-sandbox.ts' },
    { from: 'run/settle-earlier.ts', to: 'dispatch/after-step.ts' },
    { from: 'providers/registry.ts', to: 'providers/acme/index.ts' },
    { from: 'sandboxes/registry.ts', to: 'sandboxes/acme/acme.ts' },
    { from: 'sandboxes/acme/acme.ts', to: 'sandboxes/journal.ts' },
    { from: 'providers/acme/users.ts', to: 'providers/acme/wire.ts' },
    { from: 'feed/read-csv.ts', to: 'node:fs' },
  ];

  it.each(fine)('lets $to into $from', ({ from, to }) => {
    expect(brokenImports([{ from, to }])).toEqual([]);
  });

  it('sees every way of importing', () => {
    const source = `
      import { a } from '../feed/a.ts';
      import type {
        B,
      } from "../feed/b.ts";
      export * from './c.ts';
      import '../feed/d.ts';
      const e = await import('../feed/e.ts');
      import z from 'zod';
      const fs = await import('node:fs');
    `;
    expect(importsIn('job/job.ts', source).map(({ to }) => to)).toEqual([
      'feed/a.ts',
      'feed/b.ts',
      'job/c.ts',
      'feed/d.ts',
      'feed/e.ts',
      'zod',
      'node:fs',
    ]);
  });
});
