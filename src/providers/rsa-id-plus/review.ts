import type { Asked, Finding } from '../../contracts/provider.ts';
import type { Config } from './config.ts';
import { listFields, singleFields } from './users.ts';

const lists = listFields.map(([name]) => name);

/** What is wrong or risky about a job, beyond what its schema tells. */
export function review(config: Config, asked: Asked): readonly Finding[] {
  return [
    ...removalFindings(config, asked),
    ...lookUpFindings(config, asked),
    ...(asked.policy.update ? updateFindings(config, asked) : []),
    ...(asked.policy.create ? createFindings(config) : []),
  ];
}

function removalFindings(config: Config, { policy }: Asked): readonly Finding[] {
  if (config.removal !== undefined || !policy.leavers.some((rule) => rule.operation === 'remove')) return [];
  const message =
    'Say what removing means: target.removal: markDeleted (the service deletes the account after seven days, and ' +
    'it can be unmarked until then) or delete (at once, and for good).';
  return [{ severity: 'error', path: ['target', 'removal'], message }];
}

function lookUpFindings({ lookUpBy }: Config, { attributes }: Asked): readonly Finding[] {
  const attribute = lookUpBy === 'username' ? 'userName' : 'emails.work';
  if (attributes.includes(attribute)) return [];
  const message = `Users are looked up by ${attribute} (target.lookUpBy: ${lookUpBy}): map a column to it.`;
  return [{ severity: 'error', path: ['feed', 'columns'], message }];
}

function updateFindings(config: Config, { attributes }: Asked): readonly Finding[] {
  if (config.omittedLists === undefined) {
    const message =
      'An update replaces the account, and RSA does not say what becomes of groups, phones and other optional ' +
      'fields that it leaves out. Try it on one user of your tenant, then set target.omittedLists to kept or ' +
      'cleared; or say policy: { update: false }.';
    return [{ severity: 'error', path: ['target', 'omittedLists'], message }];
  }
  if (config.omittedLists === 'cleared') {
    const unmapped = [...listFields, ...singleFields].map(([name]) => name).filter(notIn(attributes));
    if (unmapped.length === 0) return [];
    const message =
      `This tenant clears what an update leaves out, and look-ups do not show ${unmapped.join(', ')}: map them ` +
      '(`empty: clear` where an empty cell says that there is none), or updates of users whom rollcall did not create are refused.';
    return [{ severity: 'warning', path: ['target', 'omittedLists'], message }];
  }
  const mapped = lists.filter((name) => attributes.includes(name));
  if (mapped.length === 0 || config.unseenLists === 'replace') return [];
  const message =
    `Look-ups do not show ${mapped.join(', ')}: for accounts that rollcall did not create, updates that would ` +
    'write them are refused. If the feed has the whole lists, set target.unseenLists: replace.';
  return [{ severity: 'warning', path: ['target', 'unseenLists'], message }];
}

function createFindings({ password }: Config): readonly Finding[] {
  if (password.creation === 'NONE' || password.send !== 'EMAIL') return [];
  const message = 'The service will mail a password to every new user.';
  return [{ severity: 'warning', path: ['target', 'password', 'send'], message }];
}

function notIn(attributes: readonly string[]): (name: string) => boolean {
  return (name) => !attributes.includes(name);
}
