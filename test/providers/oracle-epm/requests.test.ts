import { describe, expect, it } from 'vitest';
import { entryBytes, listCall, writeCall } from '../../../src/providers/oracle-epm/requests.ts';
import { item } from './world.ts';

const quiet = { welcomeMail: false };
const bodyOf = (call: { body: string }): unknown => JSON.parse(call.body);

describe('writeCall', () => {
  it('always says whether a welcome mail is sent, and never sends a password', () => {
    const values = {
      'name.givenName': 'Jane',
      'name.familyName': 'Doe',
      'emails.work': 'jane.doe@example.com',
    };
    const items = [item('add', 'Jane.Doe', values)];
    const call = writeCall(items, quiet);
    expect(call).toMatchObject({ method: 'POST', path: '/interop/rest/security/v2/users/add' });
    expect(bodyOf(call)).toEqual({
      users: [
        {
          userlogin: 'Jane.Doe',
          firstname: 'Jane',
          lastname: 'Doe',
          email: 'jane.doe@example.com',
          resetpassword: false,
        },
      ],
    });
    expect(writeCall(items, { welcomeMail: true }).body).toContain('"resetpassword":true');
  });

  it('leaves out a first name that a new user has not', () => {
    const call = writeCall(
      [item('add', 'jdoe', { 'name.givenName': null, 'name.familyName': 'Doe' })],
      quiet,
    );
    expect(bodyOf(call)).toEqual({ users: [{ userlogin: 'jdoe', lastname: 'Doe', resetpassword: false }] });
  });

  it('updates only the fields that change', () => {
    const call = writeCall([item('update', 'jdoe', { 'emails.work': 'jd@example.com' })], quiet);
    expect(call).toMatchObject({ method: 'PUT', path: '/interop/rest/security/v2/users/update' });
    expect(bodyOf(call)).toEqual({ users: [{ userlogin: 'jdoe', email: 'jd@example.com' }] });
  });

  it('clears a first name with an empty text', () => {
    const call = writeCall([item('update', 'jdoe', { 'name.givenName': null })], quiet);
    expect(bodyOf(call)).toEqual({ users: [{ userlogin: 'jdoe', firstname: '' }] });
  });

  it('removes by POST', () => {
    const call = writeCall([item('remove', 'jdoe', { listed: true })], quiet);
    expect(call).toMatchObject({ method: 'POST', path: '/interop/rest/security/v2/users/remove' });
    expect(bodyOf(call)).toEqual({ users: [{ userlogin: 'jdoe' }] });
  });

  it.each([
    ['assign-role', 'v2/role/assign/user', 'rolename'],
    ['unassign-role', 'v2/role/unassign/user', 'rolename'],
    ['add-to-group', 'v2/groups/adduserstogroup', 'groupname'],
    ['remove-from-group', 'v2/groups/removeusersfromgroup', 'groupname'],
  ])('serves many users and one subject by %s', (action, path, field) => {
    const items = [item(action, 'jdoe', {}, 'Power User'), item(action, 'chris', {}, 'Power User')];
    const call = writeCall(items, quiet);
    expect(call).toMatchObject({ method: 'PUT', path: `/interop/rest/security/${path}` });
    expect(bodyOf(call)).toEqual({
      [field]: 'Power User',
      users: [{ userlogin: 'jdoe' }, { userlogin: 'chris' }],
    });
  });

  it('writes to the linked account when the person of the feed has another login now', () => {
    const renamed = { ...item('update', 'old.login', {}), attributes: { userName: 'new.login' } };
    expect(bodyOf(writeCall([renamed], quiet))).toEqual({ users: [{ userlogin: 'old.login' }] });
  });
});

describe('entryBytes', () => {
  it('counts the bytes of an entry and its comma, not its characters', () => {
    const one = item('update', 'jdoe', { 'name.familyName': 'Müller' });
    const two = item('update', 'chris', { 'name.familyName': 'Łódź' });
    const envelope = Buffer.byteLength('{"users":[]}');
    const body = Buffer.byteLength(writeCall([one, two], quiet).body);
    expect(entryBytes(one, quiet) + entryBytes(two, quiet)).toBe(body - envelope + 1);
  });
});

describe('listCall', () => {
  it('asks for roles and groups, indirect ones included', () => {
    expect(bodyOf(listCall('epmgroups'))).toEqual({
      applicationroles: true,
      granularroles: true,
      epmgroups: true,
      indirect: true,
    });
  });

  it('asks an older build in its own words', () => {
    expect(bodyOf(listCall('memberof', 'jdoe'))).toEqual({ memberof: true, userattribute: 'jdoe' });
  });
});
