import type { Asked, Finding } from '../../contracts/provider.ts';
import { type Config, isSystem, organisationOf } from './config.ts';

/** What is wrong or risky about a job, beyond what its schema tells. */
export function review(config: Config, asked: Asked): readonly Finding[] {
  return [...authFindings(config, asked), ...createFindings(config, asked), ...fieldFindings(config, asked)];
}

function authFindings(config: Config, { policy }: Asked): readonly Finding[] {
  const findings: Finding[] = [];
  const writes = policy.create || policy.update || policy.leavers.length > 0;
  if (config.auth.type === 'apiToken' && writes) {
    findings.push({
      severity: 'error',
      path: ['target', 'auth', 'type'],
      message:
        'A session from an API token cannot manage users: the vendor leaves it only the right to view them. Sign ' +
        'in with type: basic, or let the job read only (policy: { create: false, update: false, leavers: [] }).',
    });
  }
  const account = organisationOf(config);
  if (!isSystem(account) && account !== config.organisation) {
    findings.push({
      severity: 'error',
      path: ['target', 'auth', 'organisation'],
      message:
        'An account of one organisation cannot write the users of another: sign in to target.organisation itself, ' +
        'or as a provider administrator (organisation: System).',
    });
  }
  return findings;
}

function createFindings(config: Config, { policy, attributes, initialPassword }: Asked): readonly Finding[] {
  if (!policy.create) return [];
  const findings: Finding[] = [];
  if (initialPassword === true && config.providerType !== 'LOCAL') {
    findings.push({
      severity: 'error',
      path: ['feed', 'passwordColumn'],
      message:
        'Only LOCAL users have a password here: take the column out, or say target.providerType: LOCAL.',
    });
  }
  if (config.providerType === undefined) {
    findings.push({
      severity: 'error',
      path: ['target', 'providerType'],
      message:
        'A job that creates users must say where they sign in: target.providerType: LOCAL, LDAP, SAML or OAUTH.',
    });
  }
  if (config.providerType === 'LOCAL' && config.flavour !== 'vcd') {
    findings.push({
      severity: 'warning',
      path: ['target', 'providerType'],
      message:
        'VCF Automation allows one local user per organisation: every further one is refused. Take SAML, LDAP or ' +
        'OAUTH there; for Cloud Director say target.flavour: vcd.',
    });
  }
  if (config.onCreate.password !== 'generated') {
    findings.push({
      severity: 'warning',
      path: ['target', 'onCreate', 'password'],
      message:
        config.providerType === 'LOCAL'
          ? 'All new users get the same first password, and everybody who knows it can enter as any of them until ' +
            'it is changed. With `generated` nobody knows it.'
          : 'Only LOCAL users have a password here: this one is not used.',
    });
  }
  if (!attributes.includes('roles')) {
    findings.push({
      severity: 'warning',
      path: ['policy', 'create'],
      message:
        'No role is mapped: Cloud Director refuses users without a role. Map roles, a constant will do.',
    });
  }
  return findings;
}

const vcfaOnly: readonly string[] = ['name.givenName', 'name.familyName'];

function fieldFindings(config: Config, { attributes }: Asked): readonly Finding[] {
  if (config.flavour !== 'vcd') return [];
  return vcfaOnly
    .filter((attribute) => attributes.includes(attribute))
    .map((attribute) => ({
      severity: 'error',
      path: ['feed', 'columns', attribute],
      message: `Cloud Director has no ${attribute}, only VCF Automation has it: map displayName instead.`,
    }));
}
