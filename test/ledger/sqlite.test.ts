import { fileURLToPath } from 'node:url';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { ledgerConformance } from './conformance.ts';
import { makeDirectory } from './directory.ts';

ledgerConformance('the ledger on SQLite', async () => {
  const directory = makeDirectory();
  const address = directory.path('ledger.db');
  const module = fileURLToPath(new URL('../../src/ledger/open-ledger.ts', import.meta.url));
  return {
    open: () => openLedger(address),
    source: { module, address },
    async destroy() {
      directory.remove();
    },
  };
});
