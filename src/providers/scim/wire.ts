import { z } from 'zod';

/** A resource as it came: everything in it is kept, known or not. */
export type Resource = Readonly<Record<string, unknown>>;

export const urn = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
  bulk: 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

const Count = z.number().int().nonnegative();
const ResourceObject = z.record(z.string(), z.unknown());

/** RFC 7644, section 3.4.2, and RFC 9865. */
export const ListResponse = z.object({
  schemas: z.array(z.string()).nullish().catch(null),
  totalResults: Count.nullish(),
  startIndex: Count.nullish(),
  itemsPerPage: Count.nullish(),
  nextCursor: z.string().min(1).nullish().or(z.literal('')),
  // Absent when there is nothing (RFC 7644, section 3.4.2).
  Resources: z.array(ResourceObject).nullish(),
});
export type ListResponse = z.infer<typeof ListResponse>;

/** RFC 7644, section 3.12: `status` is a string there, and a number in many answers. */
export const ErrorBody = z.object({
  schemas: z.array(z.string()).nullish().catch(null),
  status: z.union([z.string(), z.number()]).nullish().catch(null),
  scimType: z.string().nullish().catch(null),
  detail: z.string().nullish().catch(null),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

const Supported = z.object({ supported: z.boolean() });

/** RFC 7643, section 5, and RFC 9865 (`pagination`). Parts of another form count as not offered. */
export const ServiceProviderConfig = z.object({
  patch: Supported.nullish().catch(null),
  bulk: Supported.extend({ maxOperations: Count.nullish(), maxPayloadSize: Count.nullish() })
    .nullish()
    .catch(null),
  filter: Supported.extend({ maxResults: Count.nullish() }).nullish().catch(null),
  sort: Supported.nullish().catch(null),
  etag: Supported.nullish().catch(null),
  pagination: z
    .object({
      cursor: z.boolean().nullish(),
      index: z.boolean().nullish(),
      defaultPaginationMethod: z.string().nullish(),
      maxPageSize: Count.nullish(),
    })
    .nullish()
    .catch(null),
});

/** RFC 7643, section 6. */
export const ResourceType = z.object({
  name: z.string(),
  endpoint: z.string(),
  schema: z.string(),
  schemaExtensions: z
    .array(z.object({ schema: z.string() }))
    .nullish()
    .catch(null),
});

export interface SchemaAttribute {
  readonly name: string;
  readonly multiValued?: boolean | null | undefined;
  readonly caseExact?: boolean | null | undefined;
  readonly mutability?: string | null | undefined;
  readonly returned?: string | null | undefined;
  readonly subAttributes?: readonly SchemaAttribute[] | null | undefined;
}

const Attribute: z.ZodType<SchemaAttribute> = z.lazy(() =>
  z.object({
    name: z.string(),
    multiValued: z.boolean().nullish().catch(null),
    caseExact: z.boolean().nullish().catch(null),
    mutability: z.string().nullish().catch(null),
    returned: z.string().nullish().catch(null),
    subAttributes: z.array(Attribute).nullish().catch(null),
  }),
);

/** RFC 7643, section 7. */
export const SchemaDefinition = z.object({ id: z.string(), attributes: z.array(Attribute) });
export type SchemaDefinition = z.infer<typeof SchemaDefinition>;

/** RFC 7644, section 3.7; drafts and some services wrap the status as `{ code }`. */
export const BulkResponse = z.object({
  Operations: z.array(
    z.object({
      method: z.string().nullish(),
      bulkId: z.string().nullish(),
      location: z.string().nullish(),
      status: z.union([
        z.string(),
        z.number(),
        z.object({ code: z.union([z.string(), z.number()]) }).transform(({ code }) => code),
      ]),
      response: z.unknown().optional(),
    }),
  ),
});
export type BulkResult = z.infer<typeof BulkResponse>['Operations'][number];

/** RFC 6749, section 5.1; some services give the seconds as a numeral. */
export const TokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().nullish(),
  expires_in: z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
    .nullish()
    .catch(null),
});

export function isObject(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
