import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Matching, openMatching } from '../../src/match/open-matching.ts';
import { buildAccount, buildPerson, buildUser, rowRules } from './build.ts';

let folder: string;
let matching: Matching;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'rollcall-looked-up-'));
  matching = openMatching(path.join(folder, 'staging'), { ...rowRules, attributes: {} });
});
afterEach(() => {
  matching.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('users who were looked up one by one', () => {
  it('count once when two look-ups found the same one', () => {
    matching.addPeople([buildPerson(1), buildPerson(2)]);
    matching.addUsers([buildUser(1)]);
    matching.addUsers([buildUser(2), buildUser(1)]);
    matching.dropRepeatedUsers();
    matching.index();
    expect(matching.counts()).toMatchObject({ total: 2, managed: 2 });
  });

  it('are everybody whom a linked account or a person names, each once', () => {
    matching.addPeople([buildPerson(1), buildPerson(2)]);
    matching.addAccounts([buildAccount(1), buildAccount(3)]);
    const sought = [...matching.sought()].flat();
    expect(sought.map(({ userId, attributes }) => [userId, attributes.userName])).toEqual([
      ['u1', 'p1@example.com'],
      ['u3', 'p3@example.com'],
      [null, 'p2@example.com'],
    ]);
  });
});

describe('users whom a list leaves out', () => {
  it('are sought, and not those whom it showed, linked or matched', () => {
    matching.addPeople([buildPerson(1), buildPerson(2), buildPerson(5)]);
    matching.addAccounts([buildAccount(1), buildAccount(3), buildAccount(4)]);
    matching.addUsers([buildUser(1), buildUser(2), buildUser(4)]);
    const sought = [...matching.sought()].flat();
    expect(sought.map(({ userId, attributes }) => [userId, attributes.userName])).toEqual([
      ['u3', 'p3@example.com'],
      [null, 'p5@example.com'],
    ]);
    matching.addUsers([buildUser(3)]);
    matching.dropRepeatedUsers();
    matching.index();
    expect(matching.counts()).toMatchObject({ total: 4 });
  });
});

describe('users whom a list does not show whole', () => {
  it('are completed from what the ledger knows, and nobody else is touched', () => {
    matching.addAccounts([buildAccount(1, { attributes: { userName: 'p1@example.com', groups: ['VPN'] } })]);
    matching.addUsers([buildUser(1), buildUser(2)]);
    matching.completeListed((user, before) => ({
      ...user,
      attributes: { ...before.attributes, ...user.attributes },
    }));
    matching.addPeople([buildPerson(1), buildPerson(2)]);
    matching.index();
    const users = [...matching.people()].map(({ user }) => user);
    expect(users.map((user) => user?.attributes.groups)).toEqual([['VPN'], undefined]);
  });
});

describe('a person whom another one names', () => {
  it('has the linked user, else the matched one, else none', () => {
    matching.addPeople([buildPerson(1), buildPerson(2), buildPerson(3)]);
    matching.addAccounts([buildAccount(1), buildAccount(4)]);
    matching.addUsers([buildUser(1), buildUser(2), buildUser(4)]);
    matching.index();
    expect(matching.referred('E1')).toMatchObject({ user: { id: 'u1' }, inFeed: true });
    expect(matching.referred('E2')).toMatchObject({ user: { id: 'u2' }, inFeed: true });
    expect(matching.referred('E3')).toEqual({ user: null, inFeed: true });
    expect(matching.referred('E4')).toMatchObject({ user: { id: 'u4' }, inFeed: false });
    expect(matching.referred('E9')).toEqual({ user: null, inFeed: false });
  });
});
