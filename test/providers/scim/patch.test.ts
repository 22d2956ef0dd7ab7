import { describe, expect, it } from 'vitest';
import { membersBody, patchBody } from '../../../src/providers/scim/patch.ts';
import { places } from '../../../src/providers/scim/places.ts';
import type { Edit } from '../../../src/providers/scim/resource.ts';
import { resource, urns } from './world.ts';

function edit(name: string, value: string | null, sets: Partial<Edit> = {}): Edit {
  const place = places[name];
  if (place === undefined) throw new Error(`No attribute ${name}.`);
  return { place, value, add: [], take: [], ...sets };
}

function operations(
  dialect: 'rfc' | 'okta' | 'entra',
  before: Record<string, unknown>,
  edits: readonly Edit[],
  active: boolean | null = null,
): unknown {
  return patchBody(resource('u1', before), { edits, active }, dialect).Operations;
}

const work = { value: 'old@example.com', type: 'work' };
const home = { value: 'home@example.com', type: 'home', primary: true };
const department = `${urns.enterprise}:department`;
const manager = `${urns.enterprise}:manager`;

describe('a PATCH as RFC 7644 has it', () => {
  it.each<[string, Record<string, unknown>, Edit, unknown[]]>([
    ['one value', {}, edit('title', 'Boss'), [{ op: 'replace', path: 'title', value: 'Boss' }]],
    ['no value', { title: 'x' }, edit('title', null), [{ op: 'remove', path: 'title' }]],
    [
      'a part of the name',
      {},
      edit('name.givenName', 'Ada'),
      [{ op: 'replace', path: 'name.givenName', value: 'Ada' }],
    ],
    [
      'an attribute of the extension',
      {},
      edit('department', 'HR'),
      [{ op: 'replace', path: department, value: 'HR' }],
    ],
    [
      'the work address that is there',
      { emails: [home, work] },
      edit('emails.work', 'new@example.com'),
      [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'new@example.com' }],
    ],
    [
      'a first work address beside others',
      { emails: [home] },
      edit('emails.work', 'new@example.com'),
      [{ op: 'add', path: 'emails', value: [{ value: 'new@example.com', type: 'work' }] }],
    ],
    [
      'a first address at all, which is the primary one',
      {},
      edit('emails.work', 'new@example.com'),
      [{ op: 'add', path: 'emails', value: [{ value: 'new@example.com', type: 'work', primary: true }] }],
    ],
    [
      'one of several work addresses',
      {
        emails: [
          { ...work, value: 'a"b\\c' },
          { value: 'x@example.com', type: 'Work' },
        ],
      },
      edit('emails.work', 'new@example.com'),
      [
        {
          op: 'replace',
          path: 'emails[type eq "work" and value eq "a\\"b\\\\c"].value',
          value: 'new@example.com',
        },
      ],
    ],
    [
      'an address without a type',
      { emails: [{ value: 'old@example.com', primary: true }] },
      edit('emails.work', 'new@example.com'),
      [{ op: 'replace', path: 'emails[value eq "old@example.com"].value', value: 'new@example.com' }],
    ],
    [
      'an address that goes',
      { emails: [home, work] },
      edit('emails.work', null),
      [{ op: 'remove', path: 'emails[type eq "work"]' }],
    ],
    [
      'roles that come and go',
      { roles: [{ value: 'Old' }, { value: 'Kept' }] },
      edit('roles', null, { add: ['Kept', 'New'], take: ['old'] }),
      [
        { op: 'add', path: 'roles', value: [{ value: 'New' }] },
        { op: 'remove', path: 'roles[value eq "Old"]' },
      ],
    ],
    ['the manager', {}, edit('manager', 'u9'), [{ op: 'replace', path: manager, value: { value: 'u9' } }]],
  ])('writes %s', (_, before, change, expected) => {
    expect(operations('rfc', before, [change])).toEqual(expected);
  });

  it('never touches a home address for want of a work one, though it is primary', () => {
    const written = JSON.stringify(
      operations('rfc', { emails: [home] }, [edit('emails.work', 'n@example.com')]),
    );
    expect(written).not.toContain('replace');
    expect(written).not.toContain('home');
  });

  it('writes activity as a boolean', () => {
    expect(operations('rfc', {}, [], false)).toEqual([{ op: 'replace', path: 'active', value: false }]);
  });
});

describe('a PATCH as Entra ID sends it', () => {
  it('spells operations with a capital, booleans as words, and the manager as a bare id', () => {
    const edits = [edit('title', 'Boss'), edit('manager', 'u9'), edit('emails.work', 'n@example.com')];
    expect(operations('entra', {}, edits, false)).toEqual([
      { op: 'Replace', path: 'active', value: 'False' },
      { op: 'Replace', path: 'title', value: 'Boss' },
      { op: 'Replace', path: manager, value: 'u9' },
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'n@example.com' },
    ]);
    expect(operations('entra', { title: 'x' }, [edit('title', null)])).toEqual([
      { op: 'Remove', path: 'title' },
    ]);
  });

  it('names the members that go by value', () => {
    expect(membersBody('remove-from-group', ['u1', 'u2'], 'entra').Operations).toEqual([
      { op: 'Remove', path: 'members', value: [{ value: 'u1' }, { value: 'u2' }] },
    ]);
  });
});

describe('a PATCH as Okta sends it', () => {
  it('replaces whole attributes without a path, and keeps what else they hold', () => {
    const before = {
      name: { givenName: 'A', familyName: 'M' },
      emails: [home, work],
      [urns.enterprise]: { costCenter: '1' },
    };
    const edits = [
      edit('name.givenName', 'Ada'),
      edit('emails.work', 'n@example.com'),
      edit('department', 'HR'),
    ];
    expect(operations('okta', before, edits, true)).toEqual([
      {
        op: 'replace',
        value: {
          active: true,
          name: { givenName: 'Ada', familyName: 'M' },
          emails: [home, { value: 'n@example.com', type: 'work' }],
          [urns.enterprise]: { costCenter: '1', department: 'HR' },
        },
      },
    ]);
  });

  it('removes an attribute that has no value any more', () => {
    expect(operations('okta', { title: 'x' }, [edit('title', null)])).toEqual([
      { op: 'remove', path: 'title' },
    ]);
  });
});

describe('members of a group', () => {
  it('are added in one operation and removed by a filter each', () => {
    expect(membersBody('add-to-group', ['u1', 'u2'], 'rfc').Operations).toEqual([
      { op: 'add', path: 'members', value: [{ value: 'u1' }, { value: 'u2' }] },
    ]);
    expect(membersBody('remove-from-group', ['u"1', 'u2'], 'okta').Operations).toEqual([
      { op: 'remove', path: 'members[value eq "u\\"1"]' },
      { op: 'remove', path: 'members[value eq "u2"]' },
    ]);
  });
});
