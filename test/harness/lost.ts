import process from 'node:process';
import { parseArgs } from 'node:util';
import { print, printTable } from '../bench/print.ts';
import { join } from 'node:path';
import { fastFolder } from './lanes.ts';
import { losesAnswers, providersToLose } from './lost/lost-world.ts';
import { loseAllAnswers } from './simulation/simulate-seed.ts';

/*
 *   npm run lost-answers -- --people 1000
 *
 * Through every provider's sandbox: the first write about each person takes effect, and its answer is lost. Nobody
 * may be there twice, and the report has to say what became of everybody.
 */

const { values } = parseArgs({
  options: { people: { type: 'string', default: '1000' }, provider: { type: 'string', multiple: true } },
});
const ids = values.provider ?? providersToLose;
const ends = [];
for (const id of ids) ends.push(await losesAnswers(id, Number(values.people)));
printTable(
  [
    'provider',
    'people',
    'answers lost',
    'exit',
    'succeeded',
    'unknown',
    'there twice',
    'exit of the next',
    'missing then',
  ],
  ends.map((end) => [
    end.provider,
    String(end.people),
    String(end.lost),
    String(end.exitCode),
    String(end.succeeded),
    String(end.unknown),
    String(end.twice),
    String(end.nextExitCode),
    String(end.missing),
  ]),
);
for (const { provider, violations } of ends) for (const one of violations) print(`${provider}: ${one}`);
const blind = await loseBlind(Number(values.people));
process.exitCode = blind && ends.every(({ violations }) => violations.length === 0) ? 0 : 1;

/** Where nobody can be asked: everybody is unknown, and nothing is sent again, neither by this run nor by the next. */
async function loseBlind(people: number): Promise<boolean> {
  const folder = fastFolder('blind');
  try {
    const end = await loseAllAnswers(people, { folder: join(folder.path, 'seed') });
    const { first, next, creates, requests, violations } = end;
    print(
      `without look-up: ${first.changes.unknown} of ${people} unknown, exit ${first.exitCode}, ${creates} creates taken; the next apply ends with ${next.exitCode}; ${requests} writes left in both`,
    );
    for (const one of violations.slice(0, 5)) print(one);
    return (
      violations.length === 0 &&
      first.changes.unknown === people &&
      first.exitCode === 4 &&
      creates === people
    );
  } finally {
    folder.remove();
  }
}
