import type { Provider } from '../../contracts/provider.ts';
import { Config } from './config.ts';
import { connect } from './connection.ts';
import { limits } from './limits.ts';
import { rules } from './places.ts';
import { review } from './review.ts';
import { deactivatingSteps, remembers, steps } from './steps.ts';
import { applied, unlisted } from './users.ts';
import { createOnly, verdict } from './verdict.ts';

/** Any service that speaks SCIM 2.0 (RFC 7642 to 7644). */
export const scim: Provider<Config> = {
  id: 'scim',
  title: 'SCIM 2.0',
  config: Config,
  supports: {
    operations: ['create', 'update', 'enable', 'disable', 'remove'],
    listAll: true,
    listIsComplete: true,
    lookUp: true,
    initialPassword: false,
  },
  limits,
  attributes: rules,
  // All else that the settings change is between the connection and the service.
  under: (config) => (config.removal === 'deactivate' ? { steps: deactivatingSteps } : {}),
  // The service gives every user an id of its own choice.
  idOf: () => null,
  review,
  steps,
  remembers,
  unlisted,
  applied,
  verdict,
  createOnly,
  referenceTo: (user) => user.id,
  connect,
};
