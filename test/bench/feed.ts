import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure } from './measure.ts';
import { count, megabytes, print, printTable, ratio, seconds } from './print.ts';
import { makePlanWorld, withTemporaryFolder } from './world.ts';

const rows = 1_000_000;
const feedAlone = fileURLToPath(new URL('feed-alone.ts', import.meta.url));
const csvParseAlone = fileURLToPath(new URL('csv-parse-alone.ts', import.meta.url));

/** Reading, checking and mapping a feed, beside csv-parse that only reads it. No bar: the plan's bars hold it. */
export async function benchFeed(): Promise<boolean> {
  return withTemporaryFolder(async (folder) => {
    print(`making a feed of ${count(rows)} people …`);
    const { feed, jobFile } = await makePlanWorld(folder, rows, { ledger: false });
    const mapped = await measure([feedAlone, jobFile]);
    const parsed = await measure([csvParseAlone, feed]);
    if (Number(mapped.stdout) !== rows)
      throw new Error(`${path.basename(feed)}: ${mapped.stdout}${mapped.stderr}`);
    printTable(
      ['', 'time', 'CPU', 'peak'],
      [
        ['feed', seconds(mapped.wallMs), seconds(mapped.cpuMs), megabytes(mapped.peakBytes)],
        ['csv-parse alone', seconds(parsed.wallMs), seconds(parsed.cpuMs), megabytes(parsed.peakBytes)],
        [
          'ratio',
          ratio(mapped.wallMs, parsed.wallMs),
          ratio(mapped.cpuMs, parsed.cpuMs),
          ratio(mapped.peakBytes, parsed.peakBytes),
        ],
      ],
    );
    return true;
  });
}
