import { readFileSync } from 'node:fs';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { print } from '../bench/print.ts';
import { people, World, wholeFeed } from '../cli/world.ts';
import { allowEverything } from '../guard/allow-everything.ts';
import { judgeOrder } from './order/judge-order.ts';
import { applyUnderStrace, hasStrace } from './order/strace.ts';

/*
 *   npm run order -- --people 500
 *
 * Runs the real program under strace, at concurrency 8, and reads from its system calls whether the intent of each step
 * was written and synced before the step was sent. Ends with 77 where there is no strace.
 */

const { values } = parseArgs({
  // It is one process: lanes change nothing.
  options: { people: { type: 'string', default: '500' }, lanes: { type: 'string' } },
});
const noStrace = 77;

process.exitCode = hasStrace() ? await check() : refuse();

function refuse(): number {
  print('strace is not on this machine: the order of system calls was not checked');
  return noStrace;
}

async function check(): Promise<number> {
  const rows = people(Number(values.people)).map((row, index) =>
    index % 3 === 0 ? { ...row, role: 'Viewer;User' } : row,
  );
  await using world = await World.open({
    feed: wholeFeed(rows),
    faults: [{ do: { latencyMs: 15 } }],
    job: {
      guards: allowEverything,
      target: { limits: { requestsPerSecond: 2_000, concurrency: 8, batchSize: 5 } },
    },
  });
  const trace = world.path('trace');
  const calls = 'trace=openat,close,pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg';
  const { code, stderr } = await applyUnderStrace(world, ['-e', calls, '-s', '70000', '-o', trace]);
  if (code !== 0) throw new Error(`The run ended with ${code}: ${stderr}`);
  const { sends, early, syncs, intents } = judgeOrder(readFileSync(trace, 'latin1'), stepsOf(world));
  for (const one of early.slice(0, 10)) print(`EARLY  ${one}`);
  print(
    `${sends} steps sent, ${intents} intents written, ${syncs} syncs of the ledger: ${early.length} sent before their intent's sync`,
  );
  return early.length === 0 && sends >= rows.length && intents >= sends ? 0 : 1;
}

/** Logins by the position of their change in the plan. */
function stepsOf(world: World): ReadonlyMap<string, number> {
  const database = new DatabaseSync(world.path('ledger.db'), { readOnly: true });
  try {
    const found = database.prepare('SELECT seq, body FROM changes ORDER BY run_number, seq').all();
    return new Map(
      found.map(({ seq, body }) => {
        const { after } = JSON.parse(String(body)) as { readonly after: { readonly userName: string } };
        return [after.userName, Number(seq)];
      }),
    );
  } finally {
    database.close();
  }
}
