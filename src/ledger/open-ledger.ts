import type { Ledger } from '../contracts/ledger.ts';
import { acceptedFeedEntries } from './accepted-feeds.ts';
import { accountEntries } from './accounts.ts';
import { approvalEntries } from './approvals.ts';
import { barEntries } from './bars.ts';
import { changeEntries } from './changes.ts';
import { connect } from './connection.ts';
import { departedEntries } from './departed.ts';
import { failureEntries } from './failures.ts';
import { checkLedgerFile, createLedgerFile } from './ledger-file.ts';
import { lockEntries } from './lock.ts';
import { protectionEntries } from './protections.ts';
import { quarantineEntries } from './quarantine.ts';
import { runEntries } from './runs.ts';
import { readLineage, requireSchema } from './schema.ts';
import { scopeEntries } from './scopes.ts';
import { stepEntries } from './steps.ts';
import { untoldEntries } from './untold.ts';
import { sendingHere, sendingInThread } from './while-sending.ts';

export interface LedgerOptions {
  readonly readOnly?: boolean;
  readonly ownThread?: boolean;
}

/**
 * Opens the ledger in an SQLite file, and makes the file (0600) and its directories (0700) when they are missing.
 * With `readOnly` nothing is made, migrated or written. With `ownThread` what a run sends is written down in a thread
 * of its own, so that requests go on while the disk syncs.
 *
 * Throws a `Failure` with exit 1 when the file is missing (read-only), damaged, of another program or of a newer
 * rollcall, on a network file system or not accessible; such a file is left as it is, byte for byte.
 */
export async function openLedger(path: string, options: LedgerOptions = {}): Promise<Ledger> {
  const { readOnly = false, ownThread = false } = options;
  const file = readOnly ? path : createLedgerFile(path);
  const connection = connect(checkLedgerFile(file, { thorough: !readOnly }), { readOnly });
  try {
    requireSchema(connection, { readOnly });
    const lineage = readLineage(connection);
    const { memory, idOf, find } = scopeEntries(connection);
    const { entries: runs, numberOf } = runEntries(connection, { idOf, find });
    const sending = ownThread ? sendingInThread(connection.path) : sendingHere(connection);
    const { lock, holder, releaseAll } = lockEntries(connection, { idOf, find });
    return {
      lineage,
      lock,
      holder,
      ...memory,
      ...accountEntries(connection, { idOf, find }),
      ...runs,
      ...acceptedFeedEntries(connection, { find, numberOf }),
      ...changeEntries(connection, { numberOf, sending }),
      ...quarantineEntries(connection, numberOf),
      ...stepEntries(connection, { find, numberOf, sending }),
      ...untoldEntries(connection, { idOf, numberOf, sending }),
      ...failureEntries(connection, { idOf, find, numberOf }),
      ...approvalEntries(connection, { idOf, find, numberOf }),
      ...barEntries(connection, { idOf, find }),
      ...protectionEntries(connection, { idOf, find }),
      ...departedEntries(connection, { find }),
      async close() {
        await sending.close();
        await releaseAll();
        connection.close();
      },
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}
