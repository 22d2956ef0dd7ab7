import { describe, expect, it } from 'vitest';
import { readJob } from '../../../src/job/read-job.ts';
import { providers } from '../../../src/providers/registry.ts';
import type { Config } from '../../../src/providers/rsa-id-plus/config.ts';
import { scopesOf } from '../../../src/providers/rsa-id-plus/config.ts';

describe('the example job', () => {
  it('is valid against the sandbox, and warns of groups that nobody can read', async () => {
    const { job, warnings } = await readJob('jobs/rsa-id-plus.yaml', { providers });
    expect(job.target.sandbox).not.toBeNull();
    expect(warnings.map(({ message }) => message)).toEqual([expect.stringContaining('do not show groups')]);
  });

  it('is valid for production, and asks for no more permissions than it needs', async () => {
    const { job } = await readJob('jobs/rsa-id-plus.yaml', { providers, environment: 'production' });
    expect(job.target.sandbox).toBeNull();
    expect(scopesOf(job.target.config as Config)).toEqual([
      'rsa.user.read',
      'rsa.user.manage',
      'rsa.group.users.manage',
      'rsa.user.delete.soft',
    ]);
  });
});
