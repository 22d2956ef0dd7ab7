import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/domain/failure.ts';
import { read, withTarget } from './job-world.ts';

/** A job whose credentials are given as YAML text, however broken. */
function jobWithAuth(auth: string): string {
  return `name: hr
feed:
  path: hr.csv
  columns: { userName: Login }
match: userName
target:
  provider: acme
  baseUrl: https://acme.example.com
  auth: ${auth}
`;
}

async function refusalOf(source: Parameters<typeof read>[0]): Promise<string> {
  const failure: unknown = await read(source).catch((error: unknown) => error);
  if (!(failure instanceof Failure)) throw new Error('the job is not refused');
  return JSON.stringify({ ...failure, message: failure.message, stack: failure.stack });
}

describe('a secret in a job file', () => {
  it.each([
    ['as text', '{ type: basic, username: svc, password: hunter2 }'],
    ['as a number', '{ type: bearer, token: 4711081599 }'],
    ['behind a misspelt reference', '{ type: bearer, token: "envv:hunter2" }'],
    ['in a shell form', '{ type: bearer, token: $hunter2 }'],
    ['in a list', '{ type: bearer, token: [hunter2] }'],
    ['in a deeper object', '{ type: bearer, token: { value: hunter2, secret: hunter2 } }'],
    ['without a space after the colon', '{ type: basic, username: svc, password:hunter2 }'],
    ['as a lone word in a block', '\n    type: basic\n    password:hunter2'],
    ['as an alias', '{ type: bearer, token: *hunter2 }'],
    ['as a tag', '{ type: bearer, token: !hunter2 x }'],
    ['as an anchor', '{ type: bearer, token: &hunter2 }'],
    ['with a reserved first character', '{ type: bearer, token: @hunter2 }'],
    ['with a bad escape', '{ type: bearer, token: "\\qhunter2" }'],
    ['in an open quote', '{ type: bearer, token: "hunter2 }'],
    ['with a colon in it', '\n    type: bearer\n    token: hunter2: x'],
    ['in place of the type', '{ type: hunter2 }'],
    ['in place of the credentials', 'hunter2'],
    ['in place of a field name', '{ hunter2: x }'],
    ['under an unknown field', '{ type: bearer, token: env:TOKEN, clientSecret: hunter2 }'],
  ])('%s is refused and never repeated', async (_, auth) => {
    expect(await refusalOf(jobWithAuth(auth))).not.toMatch(/hunter2|4711081599/);
  });

  it.each([
    ['the address', { baseUrl: 'https://hunter2@acme.example.com' }],
    ['the query of the address', { baseUrl: 'https://acme.example.com/?token=hunter2' }],
    ['the proxy', { http: { proxy: 'http://svc:hunter2@proxy.example.com' } }],
    ['a proxy that cannot be parsed', { http: { proxy: 'svc:hunter2@proxy' } }],
    ['the key of a client certificate', { http: { cert: 'file:c.pem', key: 'hunter2' } }],
    ['its passphrase', { http: { cert: 'file:c.pem', key: 'file:k.pem', passphrase: 'hunter2' } }],
    ['a stray field of the target', { password: 'hunter2' }],
  ])('in %s is refused and never repeated', async (_, target) => {
    const refusal = await refusalOf(withTarget(target));
    expect(refusal).not.toContain('hunter2');
    expect(refusal).toMatch(/"severity":"error"/);
  });

  it('is not suspected in fields that only sound like one', async () => {
    const auth = { type: 'bearer', token: 'file:token.txt', tokenUrl: 'https://login.example.com/token' };
    const { job } = await read(withTarget({ auth }));
    expect(job.target.config).toMatchObject({ auth });
  });
});
