import { type Call, type Client, failureOf, unreadable } from './client.ts';
import type { Config } from './config.ts';
import { type Place, schemaNameOf } from './places.ts';
import {
  ListResponse,
  ResourceType,
  type SchemaAttribute,
  SchemaDefinition,
  ServiceProviderConfig,
  urn,
} from './wire.ts';

/** What the service can do, and what of it is used. */
export interface Capabilities {
  readonly patch: boolean;
  readonly filter: boolean;
  readonly etag: boolean;
  readonly sort: boolean;
  /** Null where bulk requests are not used. */
  readonly bulk: { readonly maxOperations: number; readonly maxPayloadBytes: number } | null;
  readonly paging: 'index' | 'cursor';
  readonly pageSize: number;
  readonly users: string;
  /** Null where the service has no groups. */
  readonly groups: string | null;
  readonly groupsFrom: 'users' | 'groups';
  readonly schemas: Schemas;
}

/** The attributes of the service's schemas. */
export interface Schemas {
  /** False when the service does not show its schemas: then nothing is known to be missing. */
  readonly known: boolean;
  /** Undefined when the service has no such attribute. */
  find(schema: string, name: string): SchemaAttribute | undefined;
  /** Attributes of a user that may be written and are shown only when asked for, or never. */
  readonly hidden: readonly { readonly path: string; readonly never: boolean }[];
  /** Whether a group's members are shown unasked, so that none shown means none. */
  readonly membersAreShown: boolean;
}

/**
 * Asks for ServiceProviderConfig, ResourceTypes and Schemas (RFC 7644, section 4). A service that has none of them is
 * taken to have only what every service must: PUT, and users. Settings go before what the service says.
 */
export async function discover(client: Client, config: Config): Promise<Capabilities> {
  const provider = ServiceProviderConfig.parse((await fetchDocument(client, '/ServiceProviderConfig')) ?? {});
  const types = resourceTypesOf(await fetchDocument(client, '/ResourceTypes'));
  const schemas = readSchemas(await fetchDocument(client, '/Schemas'), types);
  const { use } = config;
  // A key is for one request, and many users in one would share it.
  const bulk = config.idempotency === undefined && (use.bulk ?? provider.bulk?.supported ?? false);
  const groups = endpointOf(types, 'Group', '/Groups');
  return {
    patch: use.patch ?? provider.patch?.supported ?? false,
    filter: use.filter ?? provider.filter?.supported ?? false,
    etag: use.etag ?? provider.etag?.supported ?? false,
    sort: use.sort ?? provider.sort?.supported ?? false,
    bulk: bulk
      ? {
          maxOperations: provider.bulk?.maxOperations || 1_000,
          maxPayloadBytes: provider.bulk?.maxPayloadSize || 1_048_576,
        }
      : null,
    paging: pagingOf(config, provider.pagination?.cursor ?? false),
    pageSize: Math.min(
      config.pageSize,
      ...[provider.filter?.maxResults, provider.pagination?.maxPageSize]
        .filter((most) => most != null && most > 0)
        .map(Number),
    ),
    users: endpointOf(types, 'User', '/Users') ?? '/Users',
    groups,
    groupsFrom: groupsFrom(config, schemas, groups),
    schemas,
  };
}

function pagingOf(config: Config, cursorOffered: boolean): 'index' | 'cursor' {
  if (config.paging !== 'auto') return config.paging;
  // A cursor stays where it is while users come and go, an index does not.
  return cursorOffered ? 'cursor' : 'index';
}

function groupsFrom(config: Config, schemas: Schemas, groups: string | null): 'users' | 'groups' {
  if (config.groupsFrom !== 'auto') return config.groupsFrom;
  const inUsers = !schemas.known || schemas.find(urn.user, 'groups') !== undefined;
  return inUsers || groups === null ? 'users' : 'groups';
}

/** The document, or undefined where the service has none. */
async function fetchDocument(client: Client, path: string): Promise<unknown> {
  const call: Call = { method: 'GET', path, name: path, safe: true };
  const answer = await client.send(call);
  if (answer.status === 403 || answer.status === 404 || answer.status === 405 || answer.status === 501) {
    return undefined;
  }
  const failure = failureOf(answer, call);
  if (failure !== null) throw failure;
  if (typeof answer.json !== 'object' || answer.json === null) throw unreadable(call, 'it is not JSON');
  return answer.json;
}

type Types = readonly (typeof ResourceType)['_output'][] | null;

function resourceTypesOf(document: unknown): Types {
  const entries = entriesOf(document);
  return entries === null ? null : entries.flatMap((entry) => ResourceType.safeParse(entry).data ?? []);
}

/** A list response; some services answer with a bare array, or with the one document. */
function entriesOf(document: unknown): readonly unknown[] | null {
  if (document === undefined) return null;
  if (Array.isArray(document)) return document;
  return ListResponse.safeParse(document).data?.Resources ?? [document];
}

function endpointOf(types: Types, name: string, usual: string): string | null {
  if (types === null) return usual;
  const type = types.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (type === undefined) return name === 'User' ? usual : null;
  // An endpoint is relative to the base URL (RFC 7643, section 6); an absolute one might lead anywhere.
  return /^(\/[\w.-]+)+$/.test(type.endpoint) && !type.endpoint.includes('..') ? type.endpoint : usual;
}

function readSchemas(document: unknown, types: Types): Schemas {
  const definitions = (entriesOf(document) ?? []).flatMap(
    (entry) => SchemaDefinition.safeParse(entry).data ?? [],
  );
  const ofUsers = new Set(
    types?.find(({ name }) => name === 'User')?.schemaExtensions?.map(({ schema }) => schema.toLowerCase()),
  );
  const byId = new Map(definitions.map((definition) => [definition.id.toLowerCase(), definition]));
  const known = byId.has(urn.user.toLowerCase());
  const extensions = definitions.filter(({ id }) => ofUsers.has(id.toLowerCase()));
  const core = byId.get(urn.user.toLowerCase());
  const hidden = [
    ...(core === undefined ? [] : hiddenOf(core.attributes, '')),
    ...extensions.flatMap(({ id, attributes }) => hiddenOf(attributes, `${id}:`)),
  ];
  const members = definitions
    .find(({ id }) => id.toLowerCase() === groupSchema.toLowerCase())
    ?.attributes.find(({ name }) => name.toLowerCase() === 'members');
  return {
    known,
    hidden,
    membersAreShown: members !== undefined && members.returned !== 'request' && members.returned !== 'never',
    find(schema, path) {
      const isCore = schema.toLowerCase() === urn.user.toLowerCase();
      if (!isCore && types !== null && !ofUsers.has(schema.toLowerCase())) return undefined;
      return find(byId.get(schema.toLowerCase())?.attributes ?? [], path.split('.'));
    },
  };
}

const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group';

function find(
  attributes: readonly SchemaAttribute[],
  [name, ...rest]: readonly string[],
): SchemaAttribute | undefined {
  const found = attributes.find((attribute) => attribute.name.toLowerCase() === name?.toLowerCase());
  return found === undefined || rest.length === 0 ? found : find(found.subAttributes ?? [], rest);
}

function hiddenOf(
  attributes: readonly SchemaAttribute[],
  prefix: string,
): readonly { readonly path: string; readonly never: boolean }[] {
  return attributes
    .filter(({ returned, mutability }) => isHidden(returned) && mutability !== 'readOnly')
    .map(({ name, returned }) => ({ path: `${prefix}${name}`, never: returned === 'never' }));
}

function isHidden(returned: string | null | undefined): boolean {
  return returned === 'request' || returned === 'never';
}

/** Why an attribute cannot be written here; null when it can, as far as the service's schemas tell. */
export function unwritable(schemas: Schemas, name: string, place: Place): string | null {
  if (!schemas.known || name === 'externalId') return null;
  const { schema, name: path } = schemaNameOf(place);
  const attribute = schemas.find(schema, path);
  if (attribute === undefined) return `The schema of the service has no ${name}.`;
  if (attribute.mutability === 'readOnly') return `The service says that ${name} is read-only.`;
  return null;
}
