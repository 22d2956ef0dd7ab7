import type { Provider } from '../../contracts/provider.ts';
import { attributes } from './attributes.ts';
import { Config } from './config.ts';
import { connect } from './connection.ts';
import { limits } from './limits.ts';
import { review } from './review.ts';
import { objection, steps } from './steps.ts';
import { applied } from './users.ts';
import { createOnly, verdict } from './verdict.ts';

/** RSA ID Plus (Cloud Access Service), by the Cloud Administration REST API. */
export const rsaIdPlus: Provider<Config> = {
  id: 'rsa-id-plus',
  title: 'RSA ID Plus',
  config: Config,
  supports: {
    operations: ['create', 'update', 'enable', 'disable', 'remove'],
    listAll: false,
    listIsComplete: true,
    lookUp: true,
    initialPassword: true,
  },
  limits,
  attributes,
  // The service gives ids of its own (UUIDs), which nothing in the feed tells.
  idOf: () => null,
  review,
  steps,
  objection,
  remembers: () => ({}),
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
