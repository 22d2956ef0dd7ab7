import { fullUndo, type Provider } from '../../contracts/provider.ts';
import { Config } from './config.ts';
import { connect } from './connection.ts';
import { limits } from './limits.ts';
import { idOfAttributes } from './login.ts';
import { review } from './review.ts';
import { remembers, steps } from './steps.ts';
import { applied, unlisted } from './users.ts';
import { createOnly, repeatable, verdict } from './verdict.ts';

/** Oracle Fusion Cloud EPM, by the synchronous calls of `/interop/rest/security`. */
export const oracleEpm: Provider<Config> = {
  id: 'oracle-epm',
  title: 'Oracle Fusion Cloud EPM',
  config: Config,
  supports: {
    operations: ['create', 'update', 'enable', 'disable', 'remove'],
    undo: {
      create: { extent: 'partly', lost: 'the account stays in the identity domain, without roles' },
      update: fullUndo,
      enable: fullUndo,
      disable: fullUndo,
      remove: {
        extent: 'no',
        lost: 'the account is gone from the whole identity domain, with what it had in other environments',
      },
    },
    listAll: true,
    listIsComplete: false,
    lookUp: true,
    initialPassword: true,
  },
  limits,
  attributes: {
    userName: { type: 'string', caseExact: false, writable: 'onCreate', required: true, unique: true },
    'name.givenName': { type: 'string', caseExact: true, writable: 'always', required: false },
    'name.familyName': { type: 'string', caseExact: true, writable: 'always', required: true },
    'emails.work': { type: 'string', caseExact: true, writable: 'always', required: true, format: 'email' },
    // Roles of the environment: "predefined" in older documents, "application roles" in newer ones.
    roles: { type: 'set', caseExact: true, writable: 'always', required: false },
    groups: { type: 'set', caseExact: true, writable: 'always', required: false },
  },
  // As the page "Update Users (v1)" prints the header of the CSV file, read in 2026: people have copied it.
  headerAliases: { 'First Name': ['Firt Name'] },
  under: ({ missingCodes }) => (missingCodes.length > 0 ? { createOnly: repeatable } : {}),
  idOf: idOfAttributes,
  review,
  steps,
  remembers,
  unlisted,
  applied,
  verdict,
  createOnly,
  connect,
};
