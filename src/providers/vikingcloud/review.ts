import type { Asked, Finding } from '../../contracts/provider.ts';
import { authenticatorsOf, type Config } from './config.ts';
import { orgId, phone, phoneCountryCode } from './fields.ts';
import { authenticatorName } from './key.ts';

/** What is wrong or risky about a job, beyond what its schema tells. */
export function review(config: Config, asked: Asked): readonly Finding[] {
  return [
    ...phoneFindings(asked),
    ...authenticatorFindings(config, asked),
    ...orgFindings(config, asked),
    ...updateFindings(config, asked),
    ...createFindings(config, asked),
    ...authFindings(config),
  ];
}

function phoneFindings({ attributes }: Asked): readonly Finding[] {
  if (!attributes.includes(phone) || attributes.includes(phoneCountryCode)) return [];
  const message = `VikingCloud refuses a phone number without its country code: map ${phoneCountryCode} too, a constant will do.`;
  return [{ severity: 'error', path: ['feed', 'columns', phone], message }];
}

function authenticatorFindings(config: Config, { attributes }: Asked): readonly Finding[] {
  const several = authenticatorsOf(config).length > 1;
  const mapped = attributes.includes(authenticatorName);
  const findings: Finding[] = [];
  if (!authenticatorsOf(config).includes(config.authenticator)) {
    const message =
      'target.authenticators must hold target.authenticator, that of people whose row names none.';
    findings.push({ severity: 'error', path: ['target', 'authenticators'], message });
  }
  if (several && !mapped) {
    const message =
      'Two users may have the same name under two authenticators, and the feed does not say which is meant: map ' +
      `${authenticatorName} and match by userName and ${authenticatorName}, or name one authenticator.`;
    findings.push({ severity: 'error', path: ['target', 'authenticators'], message });
  }
  if (mapped && config.authenticators === undefined) {
    const message =
      `Only users of the authenticator ${config.authenticator} are read; people with another are not written. Name ` +
      'all of them in target.authenticators.';
    findings.push({ severity: 'warning', path: ['target', 'authenticators'], message });
  }
  return findings;
}

function orgFindings({ orgIds }: Config, { policy, attributes }: Asked): readonly Finding[] {
  if (orgIds.length === 0) {
    const message =
      'A search has no pages: without target.orgIds all users that the account may see come in one answer, and all ' +
      'of them are this job’s to match.';
    return [{ severity: 'warning', path: ['target', 'orgIds'], message }];
  }
  if (orgIds.length === 1 || !policy.create || attributes.includes(orgId)) return [];
  const message = `With several target.orgIds a new user needs its own: map ${orgId}.`;
  return [{ severity: 'error', path: ['policy', 'create'], message }];
}

function updateFindings(config: Config, { policy }: Asked): readonly Finding[] {
  const writes = policy.update || policy.leavers.length > 0;
  if (config.updateMethod === 'patch' || config.omittedSecrets === 'kept' || !writes) return [];
  const message =
    'POST sends the whole user, but never its password and second factor, and no page says that these survive. If ' +
    'VikingCloud has confirmed it, set target.omittedSecrets: kept; otherwise use PATCH.';
  return [{ severity: 'error', path: ['target', 'updateMethod'], message }];
}

function createFindings(config: Config, { policy, initialPassword }: Asked): readonly Finding[] {
  if (!policy.create || initialPassword === true || config.initialPassword !== undefined) return [];
  const message =
    'New users get no password. Set target.initialPassword to none if they sign in elsewhere, or to unknown for a ' +
    'random one that they replace by way of "forgot password".';
  return [{ severity: 'warning', path: ['target', 'initialPassword'], message }];
}

function authFindings({ auth, ownUsername }: Config): readonly Finding[] {
  if (auth.type !== 'apiKey' || ownUsername !== undefined) return [];
  const message =
    'A key does not say whose it is: set target.ownUsername, so that this account is never written.';
  return [{ severity: 'warning', path: ['target', 'ownUsername'], message }];
}
