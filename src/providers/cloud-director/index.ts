import { fullUndo, type Provider } from '../../contracts/provider.ts';
import { Config } from './config.ts';
import { connect } from './connection.ts';
import { limits } from './limits.ts';
import { review } from './review.ts';
import { remembers, steps } from './steps.ts';
import { applied } from './users.ts';
import { createOnly, verdict } from './verdict.ts';

const text = { type: 'string', caseExact: true, writable: 'always', required: false } as const;

/** VMware Cloud Director and VCF Automation, by the users of CloudAPI (`/cloudapi/1.0.0/users`). */
export const cloudDirector: Provider<Config> = {
  id: 'cloud-director',
  title: 'VMware Cloud Director',
  config: Config,
  supports: {
    operations: ['create', 'update', 'enable', 'disable', 'remove'],
    undo: {
      create: { extent: 'partly', lost: 'the user stays, disabled' },
      update: fullUndo,
      enable: fullUndo,
      disable: fullUndo,
      remove: { extent: 'no', lost: 'what the user owned has another owner, and a new user has another id' },
    },
    listAll: true,
    listIsComplete: true,
    lookUp: true,
    initialPassword: true,
  },
  limits,
  attributes: {
    // Whether an existing user may be renamed hangs on the version: the provider says so of each (`target.renames`).
    // It is unique in an organisation (schema of VcdUser, 37.2).
    userName: { type: 'string', caseExact: false, writable: 'always', required: true, unique: true },
    displayName: text,
    'name.givenName': text,
    'name.familyName': text,
    'emails.work': { ...text, format: 'email' },
    'phoneNumbers.work': text,
    roles: { type: 'set', caseExact: true, writable: 'always', required: false },
    // With VCF Automation, and only where `target.groups` says so: `review` refuses it elsewhere.
    groups: { type: 'set', caseExact: true, writable: 'always', required: false },
    'cloud-director.description': text,
    'cloud-director.providerType': { type: 'string', caseExact: true, writable: 'never', required: false },
  },
  // The server gives the ids.
  idOf: () => null,
  review,
  steps: (need) => steps(need, { takeOwnershipBeforeRemove: true }),
  under: (config) => ({ steps: (need) => steps(need, config) }),
  // Organisations are apart from each other at one address; their names count without case where one signs in.
  tenant: ({ organisation }) => organisation.toLowerCase(),
  remembers,
  // Everybody is listed: whom the list leaves out is gone.
  unlisted: (user) => user,
  applied,
  verdict,
  createOnly,
  connect,
};
