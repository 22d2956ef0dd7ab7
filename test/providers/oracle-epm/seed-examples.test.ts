import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/providers/oracle-epm/connection.ts';
import { config, fakeTools, item } from './world.ts';

// The examples of the vendor's page "Update Users (v2)", mended into valid JSON.
const href = 'https://epm.example.com/interop/rest/security/v2/users/update';

const withoutErrors = `{
  "links": { "href": "${href}", "action": "PUT" },
  "status": 0,
  "error": null,
  "details": { "processed": 2, "succeeded": 2, "failed": 0, "faileditems": null }
}`;

const withErrors = `{
  "links": { "href": "${href}", "action": "PUT" },
  "status": 1,
  "error": {
    "errorcode": "EPMCSS-21192",
    "errormessage": "Failed to update user. Authorization failed. Please provide valid authorized user."
  },
  "details": null
}`;

const withPartialErrors = `{
  "links": { "href": "${href}", "action": "PUT" },
  "status": 0,
  "error": null,
  "details": {
    "processed": 5, "succeeded": 3, "failed": 2,
    "faileditems": [
      {
        "userlogin": "jdoe",
        "errorcode": "EPMCSS-21142",
        "errormessage": "Failed to update user. User already exists in System. Provide different user login."
      },
      {
        "userlogin": "alex",
        "errorcode": "EPMCSS-21143",
        "errormessage": "Failed to update user. Invalid email. Provide valid email."
      }
    ]
  }
}`;

const updateOf = (login: string) => item('update', login, { 'name.givenName': 'Jane' });

describe('the examples of the vendor page', () => {
  it('gives two successes for the answer without errors', async () => {
    const connection = await connect(config(), fakeTools([{ body: withoutErrors }]));
    const outcomes = await connection.write([updateOf('jdoe'), updateOf('chris')]);
    expect(outcomes.map((outcome) => outcome.result)).toEqual(['succeeded', 'succeeded']);
  });

  it('stops as unauthorised for the answer with errors', async () => {
    const connection = await connect(config(), fakeTools([{ body: withErrors }]));
    await expect(connection.write([updateOf('jdoe')])).rejects.toMatchObject({
      trouble: 'unauthorised',
      providerCode: 'EPMCSS-21192',
    });
  });

  it('lands the partial errors on the users that they name', async () => {
    const connection = await connect(config(), fakeTools([{ body: withPartialErrors }]));
    const outcomes = await connection.write(['jdoe', 'chris', 'alex', 'jeff', 'mia'].map(updateOf));
    expect(outcomes.map((outcome) => Object.values(outcome).slice(0, 3))).toEqual([
      ['unknown', 'ALREADY_SO', 'EPMCSS-21142'],
      ['succeeded', null, null],
      ['failed', 'REFUSED', 'EPMCSS-21143'],
      ['succeeded', null, null],
      ['succeeded', null, null],
    ]);
  });
});
