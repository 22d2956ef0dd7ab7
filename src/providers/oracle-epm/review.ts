import type { Asked, Finding } from '../../contracts/provider.ts';
import type { Config } from './config.ts';

/** What is wrong or risky about a job, beyond what its schema tells. */
export function review(config: Config, asked: Asked): readonly Finding[] {
  return [
    ...authFindings(config),
    ...leaverFindings(config, asked),
    ...createFindings(config, asked),
    ...listFindings(config, asked),
  ];
}

function leaverFindings(config: Config, { policy }: Asked): readonly Finding[] {
  const removes = policy.leavers.some((rule) => rule.operation === 'remove');
  if (!removes) return [];
  if (config.removeFromIdentityDomain) return config.missingCodes.length > 0 ? [] : [unsettledRemoval];
  return [
    {
      severity: 'error',
      path: ['policy', 'leavers'],
      message:
        'Oracle EPM removes users from the identity domain, which all its environments share: who is removed ' +
        'in test is gone from production too. If that is meant, set target.removeFromIdentityDomain: true; ' +
        'to take away the access to this environment only, use disable.',
    },
  ];
}

const unsettledRemoval: Finding = {
  severity: 'warning',
  path: ['target', 'missingCodes'],
  message:
    'No list shows an account without roles, so if the answer to its removal is lost, the person stays in doubt ' +
    '(IN_DOUBT). Set target.missingCodes to the code with which the service refuses to remove a login that nobody ' +
    'has: then the removal is sent again, and its answer tells.',
};

function createFindings(config: Config, { policy, attributes, initialPassword }: Asked): readonly Finding[] {
  const findings: Finding[] = [];
  if (policy.create && !attributes.includes('roles')) {
    findings.push({
      severity: 'warning',
      path: ['policy', 'create'],
      message:
        'No role is mapped: a new user cannot enter this environment, and its list does not show users ' +
        'without a role. Map roles, a constant will do.',
    });
  }
  if (policy.create && config.welcomeMail === undefined && initialPassword !== true) {
    findings.push({
      severity: 'warning',
      path: ['target', 'welcomeMail'],
      message:
        'New users get no mail and a password that nobody knows, so they can enter by single sign-on only. ' +
        'Set target.welcomeMail to true for a mail with credentials, or to false if this is meant.',
    });
  }
  return findings;
}

function authFindings({ auth, ownLogin }: Config): readonly Finding[] {
  if (auth.type !== 'bearer' || ownLogin !== undefined) return [];
  const message =
    'A token does not say whose it is: set target.ownLogin, so that this account is never written.';
  return [{ severity: 'warning', path: ['target', 'ownLogin'], message }];
}

function listFindings(config: Config, { policy, attributes }: Asked): readonly Finding[] {
  if (config.listGeneration === 'epmgroups') return [];
  const findings: Finding[] = [];
  const older = 'The older list (target.listGeneration: memberof) does not show predefined roles';
  if (policy.leavers.some((rule) => rule.operation === 'disable')) {
    const message = `${older}, so they cannot be taken away: disable needs build 26.06.`;
    findings.push({ severity: 'error', path: ['policy', 'leavers'], message });
  }
  if (attributes.includes('roles')) {
    const message = `${older}, so mapped roles would be assigned anew in each run.`;
    findings.push({ severity: 'error', path: ['target', 'listGeneration'], message });
  }
  return findings;
}
