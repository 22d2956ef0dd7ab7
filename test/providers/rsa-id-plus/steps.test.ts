import { describe, expect, it } from 'vitest';
import type { Need } from '../../../src/domain/change.ts';
import type { User } from '../../../src/domain/user.ts';
import { rsaIdPlus } from '../../../src/providers/rsa-id-plus/index.ts';
import { objection, steps } from '../../../src/providers/rsa-id-plus/steps.ts';
import { applied } from '../../../src/providers/rsa-id-plus/users.ts';
import { createOnly, verdict } from '../../../src/providers/rsa-id-plus/verdict.ts';
import { config, need, person, user } from './world.ts';

const actions = (what: Need, who: User | null) => steps(what, who, {}).map(({ action }) => action);
const step = (action: string, values = {}) => ({ action, subject: '', values });
const marked = user({ 'rsa-id-plus.markDeleted': true }, { active: false });

describe('steps', () => {
  it('disables before it removes, as long as the account is active', () => {
    expect(actions(need('remove', {}, user()), user())).toEqual(['disable', 'remove']);
    const disabled = user({}, { active: false });
    expect(actions(need('remove', {}, disabled), disabled)).toEqual(['remove']);
  });

  it('takes no call to remove who is marked deleted already', () => {
    expect(actions(need('remove', {}, marked), marked)).toEqual([]);
  });

  it('enables first, and takes back a mark before that', () => {
    const after = { active: true, 'name.givenName': 'Adele' };
    expect(actions(need('enable', after), user({}, { active: false }))).toEqual(['enable', 'update']);
    expect(actions(need('enable', { active: true }), marked)).toEqual(['unmark-deleted', 'enable']);
  });

  it('writes nothing but what changes, and what finding the account takes', () => {
    const [update] = steps(need('update', { 'emails.work': 'new@example.com' }), user(), {});
    expect(update?.values).toEqual({
      'emails.work': 'new@example.com',
      'was.emails.work': 'ada.moreau@example.com',
    });
  });

  it('says which lists it writes without knowing them', () => {
    const after = { groups: ['VPN'], 'rsa-id-plus.smsPhones': ['1'] };
    const [update] = steps(need('update', after), user({ groups: [] }), {});
    expect(update?.values.unseen).toEqual(['rsa-id-plus.smsPhones']);
  });

  it('carries what the feed clears and nobody can read, and nothing else that the feed says', () => {
    const said = { ...person, groups: null, 'rsa-id-plus.smsPhones': null, 'rsa-id-plus.voicePhones': ['1'] };
    const change = need('update', { 'name.givenName': 'Adele' });
    const [update] = steps(change, user({ groups: ['VPN'] }), said);
    expect(update?.values).toEqual({ 'name.givenName': 'Adele', 'rsa-id-plus.smsPhones': null });
    expect(steps(need('update', {}), user(), said)).toEqual([]);
  });

  it('carries it only where an update clears what it leaves out', () => {
    const change = need('update', { 'name.givenName': 'Adele' });
    const valuesUnder = (omittedLists: string) => {
      const provider = { ...rsaIdPlus, ...rsaIdPlus.under?.(config({ omittedLists })) };
      return provider.steps(change, user(), null, { groups: null })[0]?.values;
    };
    expect(valuesUnder('kept')).toEqual({ 'name.givenName': 'Adele' });
    expect(valuesUnder('cleared')).toEqual({ 'name.givenName': 'Adele', groups: null });
  });

  it('objects to emptying what the service needs', () => {
    expect(objection(need('update', { 'name.givenName': null }))?.code).toBe('NOT_WRITABLE');
    expect(objection(need('update', { 'name.familyName': null }))).toBeNull();
  });
});

describe('applied', () => {
  it('knows all of a user whom rollcall created, also what look-ups do not show', () => {
    const made = applied(step('create', { ...person, groups: ['VPN'] }), null, 'id-1');
    expect(made).toMatchObject({ id: 'id-1', active: true });
    expect(made.attributes).toMatchObject({ groups: ['VPN'], 'rsa-id-plus.smsPhones': [], manager: null });
  });

  it('keeps what stands beside the attributes of an update out of the account', () => {
    const values = { 'emails.work': 'new@example.com', 'was.emails.work': 'old@example.com', unseen: ['x'] };
    expect(applied(step('update', values), user(), 'id-1')).toEqual(
      user({ 'emails.work': 'new@example.com' }),
    );
  });

  it('follows the status', () => {
    expect(applied(step('disable'), user(), 'id-1').active).toBe(false);
    expect(applied(step('enable'), user({}, { active: false }), 'id-1').active).toBe(true);
    expect(applied(step('remove'), user(), 'id-1').active).toBe(false);
  });
});

describe('verdict', () => {
  it.each([
    ['create', undefined, 'notApplied'],
    ['create', user(), 'applied'],
    ['enable', undefined, 'cannotTell'],
    ['enable', user(), 'applied'],
    ['disable', user(), 'notApplied'],
    ['disable', user({}, { active: false }), 'applied'],
    ['remove', undefined, 'applied'],
    ['remove', marked, 'applied'],
    ['remove', user({}, { active: false }), 'notApplied'],
    ['unmark-deleted', marked, 'notApplied'],
    ['unmark-deleted', user(), 'applied'],
  ])('of %s (%#) comes from what a look-up shows', (action, found, expected) => {
    expect(verdict(step(action), found)).toBe(expected);
  });

  it('of an update goes by what look-ups show, and by nothing that they only repeat', () => {
    const values = { 'name.givenName': 'Adele', groups: ['VPN'], 'was.userName': 'ada.moreau' };
    expect(verdict(step('update', values), user({ 'name.givenName': 'Adele' }))).toBe('applied');
    expect(verdict(step('update', values), user({ groups: ['VPN'] }))).toBe('notApplied');
    expect(verdict(step('update', { groups: ['VPN'] }), user({ groups: ['VPN'] }))).toBe('cannotTell');
    expect(verdict(step('update', values), undefined)).toBe('cannotTell');
  });

  it('allows a second sending only where it does no harm', () => {
    const all = ['create', 'update', 'enable', 'disable', 'remove'].filter((action) =>
      createOnly(step(action)),
    );
    expect(all).toEqual(['create', 'update']);
  });
});
