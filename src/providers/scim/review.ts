import type { Asked, Finding } from '../../contracts/provider.ts';
import type { Config } from './config.ts';

/** What is wrong or risky about a job, beyond what its schema tells. */
export function review(config: Config, { policy, attributes }: Asked): readonly Finding[] {
  const findings: Finding[] = [];
  const removes = policy.leavers.some((rule) => rule.operation === 'remove');
  if (removes && config.removal === 'deactivate' && attributes.includes('active')) {
    findings.push({
      severity: 'warning',
      path: ['target', 'removal'],
      message:
        'Removing only deactivates here, so people whom the feed goes on naming as leavers are planned for removal ' +
        'in every run (nothing is sent for them). Take `disable` instead, or `removal: delete`.',
    });
  }
  if (policy.create && !attributes.includes('externalId')) {
    findings.push({
      severity: 'warning',
      path: ['feed', 'columns'],
      message:
        'No externalId is mapped, so the service keeps nothing by which a renamed person could be found again ' +
        'without the ledger.',
    });
  }
  return findings;
}
