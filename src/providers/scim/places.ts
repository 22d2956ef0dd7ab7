import type { AttributeRule } from '../../contracts/provider.ts';
import type { Config } from './config.ts';
import { urn } from './wire.ts';

/** Where an attribute stands in a resource. */
export type Place =
  | {
      readonly kind: 'single';
      /** The extension that holds it; null for the core schema. */
      readonly schema: string | null;
      readonly path: readonly [attribute: string, subAttribute?: string];
    }
  /** One entry of a list, known by its `type`; `untyped`: an entry without a type may stand for it. */
  | {
      readonly kind: 'entry';
      readonly attribute: string;
      readonly type: string;
      readonly untyped: boolean;
    }
  | { readonly kind: 'set'; readonly attribute: string }
  /** A complex attribute whose `value` is the id of another user. */
  | { readonly kind: 'reference'; readonly schema: string; readonly attribute: string };

const core = (attribute: string, subAttribute?: string): Place => ({
  kind: 'single',
  schema: null,
  path: subAttribute === undefined ? [attribute] : [attribute, subAttribute],
});
const enterprise = (attribute: string): Place => ({
  kind: 'single',
  schema: urn.enterprise,
  path: [attribute],
});
const entry = (attribute: string, type: string): Place => ({
  kind: 'entry',
  attribute,
  type,
  untyped: type === 'work',
});

/** RFC 7643, sections 4.1 and 4.3. `groups` is not here: it is written through the groups. */
export const places: Readonly<Record<string, Place>> = {
  userName: core('userName'),
  externalId: core('externalId'),
  'name.givenName': core('name', 'givenName'),
  'name.familyName': core('name', 'familyName'),
  displayName: core('displayName'),
  'emails.work': entry('emails', 'work'),
  'phoneNumbers.work': entry('phoneNumbers', 'work'),
  'phoneNumbers.mobile': entry('phoneNumbers', 'mobile'),
  title: core('title'),
  userType: core('userType'),
  preferredLanguage: core('preferredLanguage'),
  locale: core('locale'),
  timezone: core('timezone'),
  roles: { kind: 'set', attribute: 'roles' },
  employeeNumber: enterprise('employeeNumber'),
  department: enterprise('department'),
  manager: { kind: 'reference', schema: urn.enterprise, attribute: 'manager' },
  'scim.nickName': core('nickName'),
  'scim.costCenter': enterprise('costCenter'),
  'scim.organization': enterprise('organization'),
  'scim.division': enterprise('division'),
};

const text: AttributeRule = { type: 'string', caseExact: true, writable: 'always', required: false };

/**
 * How the attributes compare. Names and titles are `caseExact: false` in RFC 7643, but a corrected spelling is worth
 * a write, so only what identifies is compared without case.
 */
export const rules: Readonly<Record<string, AttributeRule>> = {
  // RFC 7643, section 4.1.1. Whether an address belongs to one user only is the service's affair: `target.unique`.
  userName: { ...text, caseExact: false, required: true, unique: true },
  externalId: text,
  'name.givenName': text,
  'name.familyName': text,
  displayName: text,
  'emails.work': { ...text, format: 'email' },
  'phoneNumbers.work': text,
  'phoneNumbers.mobile': text,
  title: text,
  userType: text,
  preferredLanguage: text,
  locale: text,
  timezone: text,
  roles: { type: 'set', caseExact: false, writable: 'always', required: false },
  groups: { type: 'set', caseExact: false, writable: 'always', required: false },
  employeeNumber: text,
  department: text,
  manager: { ...text, reference: true },
  'scim.nickName': text,
  'scim.costCenter': text,
  'scim.organization': text,
  'scim.division': text,
};

/** The rules of a service that keeps more than the logins apart. */
export function rulesUnder({ unique }: Pick<Config, 'unique'>): typeof rules {
  const changed = Object.entries(rules).filter(([name]) => unique.some((one) => one === name));
  return {
    ...rules,
    ...Object.fromEntries(changed.map(([name, rule]) => [name, { ...rule, unique: true }])),
  };
}

/** The attribute's name in the schema, such as `name.givenName`, and the schema it belongs to. */
export function schemaNameOf(place: Place): { readonly schema: string; readonly name: string } {
  switch (place.kind) {
    case 'single':
      return { schema: place.schema ?? urn.user, name: place.path.join('.') };
    case 'reference':
      return { schema: place.schema, name: place.attribute };
    default:
      return { schema: urn.user, name: place.attribute };
  }
}
