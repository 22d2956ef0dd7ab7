import { fullUndo, type Provider, type Supports } from '../../contracts/provider.ts';
import { attributes } from './attributes.ts';
import { Config } from './config.ts';
import { connect } from './connection.ts';
import { limits } from './limits.ts';
import { review } from './review.ts';
import { objection, steps } from './steps.ts';
import { applied, listed } from './users.ts';
import { createOnly, verdict } from './verdict.ts';

const supports: Supports = {
  operations: ['create', 'update', 'enable', 'disable', 'remove'],
  undo: {
    create: { extent: 'partly', lost: 'the account stays, disabled' },
    update: {
      extent: 'partly',
      lost: 'values that no look-up shows come back only where the ledger knows them',
    },
    enable: fullUndo,
    disable: fullUndo,
    // Mark User Deleted page, 2026: the service deletes the account within seven days.
    remove: {
      extent: 'partly',
      lost: 'the mark can be taken back for seven days at most; then the account is gone',
    },
  },
  listAll: false,
  listIsComplete: true,
  lookUp: true,
  initialPassword: true,
};

/** RSA ID Plus (Cloud Access Service), by the Cloud Administration REST API. */
export const rsaIdPlus: Provider<Config> = {
  id: 'rsa-id-plus',
  title: 'RSA ID Plus',
  config: Config,
  supports,
  limits,
  attributes,
  under: ({ list, omittedLists }) => ({
    // A search leaves out whoever has another address; that it shows everybody else is unconfirmed, too.
    ...(list === 'search' && {
      supports: { ...supports, listAll: true, listIsComplete: false, lookUpUnlisted: true },
    }),
    // Where an update clears what it leaves out, it has to carry what the feed says to be empty.
    ...(omittedLists === 'cleared' && { steps: (need, user, _restore, wanted) => steps(need, user, wanted) }),
  }),
  // The service gives ids of its own (UUIDs), which nothing in the feed tells.
  idOf: () => null,
  review,
  steps: (need, user) => steps(need, user, {}),
  objection,
  remembers: () => ({}),
  listed,
  unlisted: (user) => user,
  applied,
  verdict,
  createOnly,
  // Managers are named by their e-mail address (Update Local User page, 2026).
  referenceTo: (user) => {
    const email = user.attributes['emails.work'];
    return typeof email === 'string' ? email : null;
  },
  connect,
};
