import { fullUndo, type Provider, type Supports } from '../../contracts/provider.ts';
import { Config } from './config.ts';
import { connect } from './connection.ts';
import { keyLifetimeMs } from './keys.ts';
import { limits } from './limits.ts';
import { rules, rulesUnder } from './places.ts';
import { review } from './review.ts';
import { deactivatingSteps, remembers, steps } from './steps.ts';
import { applied, unlisted } from './users.ts';
import { createOnly, verdict, verdictUnseen } from './verdict.ts';

const supports: Supports = {
  operations: ['create', 'update', 'enable', 'disable', 'remove'],
  undo: {
    create: { extent: 'partly', lost: 'the user stays, inactive' },
    update: fullUndo,
    enable: fullUndo,
    disable: fullUndo,
    remove: {
      extent: 'no',
      lost: 'a new user has another id and none of what the service kept for the old one',
    },
  },
  listAll: true,
  listIsComplete: true,
  lookUp: true,
  initialPassword: false,
};

/** Any service that speaks SCIM 2.0 (RFC 7642 to 7644). */
export const scim: Provider<Config> = {
  id: 'scim',
  title: 'SCIM 2.0',
  config: Config,
  supports,
  limits,
  attributes: rules,
  // All else that the settings change is between the connection and the service.
  under: (config) => ({
    attributes: rulesUnder(config),
    keyLifetimeMs: (step) => keyLifetimeMs(step, config),
    ...(config.lookUp === 'none' && { verdict: verdictUnseen, createOnly: () => false }),
    ...(config.removal === 'deactivate' && {
      steps: deactivatingSteps,
      supports: { ...supports, undo: { ...supports.undo, remove: fullUndo } },
    }),
  }),
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
