import { fullUndo, type Provider } from '../../contracts/provider.ts';
import { Config } from './config.ts';
import { connect } from './connection.ts';
import { attributes } from './fields.ts';
import { idOfAttributes } from './key.ts';
import { limits } from './limits.ts';
import { objectionToNeed } from './objections.ts';
import { review } from './review.ts';
import { remembers, steps } from './steps.ts';
import { applied } from './users.ts';
import { createOnly, verdict } from './verdict.ts';

/** VikingCloud Portal, by the calls of `/user-service/v1/user`. */
export const vikingcloud: Provider<Config> = {
  id: 'vikingcloud',
  title: 'VikingCloud Portal',
  config: Config,
  supports: {
    // No page documents a call that removes a user.
    operations: ['create', 'update', 'enable', 'disable'],
    undo: {
      create: { extent: 'partly', lost: 'the user stays, disabled' },
      update: fullUndo,
      enable: fullUndo,
      disable: fullUndo,
    },
    listAll: true,
    listIsComplete: true,
    lookUp: true,
    initialPassword: true,
  },
  limits,
  attributes,
  under: (config) => ({
    idOf: (attributes) => idOfAttributes(attributes, config.authenticator),
    objection: (need) => objectionToNeed(need, config),
  }),
  // Half of an id is the authenticator, which only the settings give to people whose row names none.
  idOf: (attributes) => idOfAttributes(attributes, null),
  review,
  steps,
  remembers,
  unlisted: (user) => user,
  applied,
  verdict,
  createOnly,
  connect,
};
