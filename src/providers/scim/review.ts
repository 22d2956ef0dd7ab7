import type { Asked, Finding } from '../../contracts/provider.ts';
import type { Config } from './config.ts';

/** What is wrong or risky about a job, beyond what its schema tells. */
export function review(config: Config, { policy, attributes }: Asked): readonly Finding[] {
  const findings: Finding[] = [];
  if (config.idempotency !== undefined && config.use.bulk === true) {
    findings.push({
      severity: 'error',
      path: ['target', 'use', 'bulk'],
      message: 'A key is for one request about one user: take either `use.bulk: true` or `idempotency`.',
    });
  }
  const removes = policy.leavers.some((rule) => rule.operation === 'remove');
  if (removes && config.removal === 'deactivate') {
    findings.push({
      severity: 'warning',
      path: ['target', 'removal'],
      message:
        'Removing only deactivates here, as `disable` does, but who was removed is forgotten: a person who comes ' +
        'back is then a conflict (DISABLED_ELSEWHERE) and not enabled. Take `disable` instead, or `removal: delete`.',
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
