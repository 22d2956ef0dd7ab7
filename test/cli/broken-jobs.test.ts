import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patient, people, plainFeed, World } from './world.ts';

const folder = 'fixtures/runs/broken-jobs';

/** Where each job is broken, and a word of the message that says how. */
const expected: Readonly<Record<string, readonly [place: RegExp, reason: RegExp]>> = {
  'field-given-twice.yaml': [/field-given-twice\.yaml:18:1\b/, /given twice/],
  'impossible-guard.yaml': [/impossible-guard\.yaml:18:\d+/, /guards\.disables/],
  'literal-secret.yaml': [/literal-secret\.yaml:16:\d+/, /is not a reference/],
  'missing-feed-section.yaml': [/missing-feed-section\.yaml:1:1\b/, /`feed` is missing/],
  'not-yaml.yaml': [/not-yaml\.yaml:16:\d+/, /./],
  'plain-http.yaml': [/plain-http\.yaml:15:\d+/, /must be https/],
  'unacknowledged-removal.yaml': [/unacknowledged-removal\.yaml:18:\d+/, /removeFromIdentityDomain/],
  'unknown-attribute.yaml': [/unknown-attribute\.yaml:8:\d+/, /name\.givenName/],
  'unknown-field.yaml': [/unknown-field\.yaml:13:\d+/, /`?policy`?/],
  'unknown-provider.yaml': [/unknown-provider\.yaml:14:\d+/, /oracle-epm/],
};

describe.concurrent('a broken job file', patient, () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open({ feed: plainFeed(people(3)) });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it('has an expectation for each of ten fixtures', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(expected));
    expect(readdirSync(folder)).toHaveLength(10);
  });

  it.for(Object.entries(expected))(
    '%s ends with 1, its place and its reason',
    async ([name, [place, reason]], { expect }) => {
      world.write(name, readFileSync(`${folder}/${name}`, 'utf8').replace('BASE_URL', world.baseUrl));
      const ran = await world.run('apply', name);
      expect(ran.code).toBe(1);
      expect(ran.stdout).toBe('');
      expect(ran.stderr).toMatch(place);
      expect(ran.stderr).toMatch(reason);
      expect(ran.stderr.split('\n').length).toBeLessThanOrEqual(24);
      expect(ran.stderr.startsWith(`${name}:`)).toBe(true);
      expect(ran.stderr.trimEnd().split('\n').at(-1)).toMatch(/Nothing was written/);
      expect(ran.stderr.match(/Nothing was written/g)).toHaveLength(1);
      expect(world.journal()).toEqual([]);
      expect(existsSync(world.runsPath)).toBe(false);
    },
  );

  it('that is missing ends with 1 and its name', async ({ expect }) => {
    const ran = await world.run('plan', 'nowhere.yaml');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('nowhere.yaml');
  });
});
