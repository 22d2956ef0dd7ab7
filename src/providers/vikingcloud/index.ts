import type { Provider } from '../../contracts/provider.ts';
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
    listAll: true,
    listIsComplete: true,
    lookUp: true,
    initialPassword: true,
  },
  limits,
  attributes,
  idOf: idOfAttributes,
  review,
  steps,
  objection: objectionToNeed,
  remembers,
  unlisted: (user) => user,
  applied,
  verdict,
  createOnly,
  connect,
};
