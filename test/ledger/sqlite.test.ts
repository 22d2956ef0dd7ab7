import { fileURLToPath } from 'node:url';
import { type LedgerOptions, openLedger } from '../../src/ledger/open-ledger.ts';
import { type LedgerUnderTest, ledgerConformance } from './conformance.ts';
import { makeDirectory } from './directory.ts';

ledgerConformance('the ledger on SQLite', () => makeLedger({}));
ledgerConformance('the ledger on SQLite that writes in a thread', () => makeLedger({ ownThread: true }));

async function makeLedger(options: LedgerOptions): Promise<LedgerUnderTest> {
  const directory = makeDirectory();
  const address = directory.path('ledger.db');
  const module = fileURLToPath(new URL('../../src/ledger/open-ledger.ts', import.meta.url));
  return {
    open: () => openLedger(address, options),
    source: { module, address },
    async destroy() {
      directory.remove();
    },
  };
}
