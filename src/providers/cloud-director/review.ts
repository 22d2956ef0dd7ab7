import type { Asked, Finding } from '../../contracts/provider.ts';
import { type Config, isSystem, organisationOf } from './config.ts';
import { dialectOf, hasSince, writesGroups } from './versions.ts';

/** What is wrong or risky about a job, beyond what its schema tells. */
export function review(config: Config, asked: Asked): readonly Finding[] {
  return [
    ...authFindings(config, asked),
    ...createFindings(config, asked),
    ...fieldFindings(config, asked),
    ...groupFindings(config, asked),
    ...removeFindings(config, asked),
  ];
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
  if (isSystem(config.organisation) && writes) {
    findings.push({
      severity: 'warning',
      path: ['target', 'organisation'],
      message:
        "System is the provider's own organisation: this job writes the accounts of provider administrators.",
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

function groupFindings(config: Config, { attributes }: Asked): readonly Finding[] {
  const isMapped = attributes.includes('groups');
  if (!config.groups) {
    return isMapped
      ? [
          {
            severity: 'error',
            path: ['feed', 'columns', 'groups'],
            message:
              'Groups take one more request per user each time users are read, so they are left alone unless the job ' +
              'says target.groups: true (VCF Automation since API 40.0).',
          },
        ]
      : [];
  }
  const findings: Finding[] = [];
  if (config.flavour === 'vcd') {
    findings.push({
      severity: 'error',
      path: ['target', 'groups'],
      message: 'Cloud Director shows the groups of a user and cannot write them: only VCF Automation can.',
    });
  } else if (config.apiVersion !== undefined && !writesGroups(config.apiVersion)) {
    findings.push({
      severity: 'error',
      path: ['target', 'apiVersion'],
      message: `Groups can be written since API version 40.0, and the job says ${config.apiVersion}.`,
    });
  }
  if (!isMapped) {
    findings.push({
      severity: 'warning',
      path: ['target', 'groups'],
      message: 'No groups are mapped: reading them costs one request per user for nothing.',
    });
  }
  return findings;
}

function removeFindings(config: Config, { policy }: Asked): readonly Finding[] {
  if (!policy.leavers.some(({ operation }) => operation === 'remove')) return [];
  const path = ['target', 'takeOwnershipBeforeRemove'];
  if (!config.takeOwnershipBeforeRemove) {
    return [
      {
        severity: 'warning',
        path,
        message:
          'What a user owns is not moved: stopped machines are removed with their owner, and whoever has running ones ' +
          'or a catalog cannot be removed.',
      },
    ];
  }
  const { apiVersion, flavour } = config;
  if (apiVersion === undefined || hasSince(dialectOf(apiVersion, flavour), '37.1')) return [];
  return [
    {
      severity: 'error',
      path,
      message:
        `What a user owns can be moved since API version 37.1, and the job says ${apiVersion}: name a newer one, or ` +
        'say takeOwnershipBeforeRemove: false if it may be lost.',
    },
  ];
}
