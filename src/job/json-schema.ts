import { z } from 'zod';
import type { Provider } from '../contracts/provider.ts';
import { JobFile } from './job.ts';
import { isRecord, type JsonRecord, valueAt } from './record.ts';
import { coreAttributes } from './resolve-columns.ts';

/**
 * The JSON Schema (draft 2020-12) of a job file, by which editors complete and check it. What a provider adds to
 * `target`, and the attributes that can be mapped, depend on the provider that the job names. `baseUrl` and
 * `auth` are not demanded, since an environment or the sandbox may stand in for them; `validate` checks that.
 */
export function jobJsonSchema(providers: Readonly<Record<string, Provider>>): object {
  const schema = toSchema(JobFile);
  const target = record(valueAt(schema, ['properties', 'target']));
  const targets = record(valueAt(schema, ['properties', 'targets']));
  const all = Object.values(providers);
  return {
    ...schema,
    title: 'rollcall job',
    properties: {
      ...record(schema.properties),
      target: targetSchema(target, all, configSchema),
      targets: { ...targets, items: targetSchema(record(targets.items), all, namedConfigSchema) },
    },
    allOf: [
      { oneOf: [{ required: ['target'] }, { required: ['targets'] }] },
      { oneOf: [{ required: ['feed'] }, { required: ['feeds'] }] },
      ...all.flatMap(mappedAttributes),
    ],
  };
}

function targetSchema(
  target: JsonRecord,
  providers: readonly Provider[],
  ofProvider: typeof configSchema,
): JsonRecord {
  const { additionalProperties: _, ...open } = target;
  const core = record(target.properties);
  const provider = { ...record(core.provider), enum: providers.map(({ id }) => id) };
  return {
    ...open,
    properties: { ...core, provider },
    allOf: providers.map((entry) => implies(namesProvider(entry), ofProvider(entry, core))),
  };
}

/** The core fields are named again: only then can any other field be refused. */
function configSchema(provider: Provider, core: JsonRecord): JsonRecord {
  const { $schema: _, ...config } = toSchema(provider.config);
  const required = Array.isArray(config.required) ? config.required : [];
  const named = Object.fromEntries(Object.keys(core).map((name) => [name, true]));
  return {
    ...config,
    properties: { ...record(config.properties), ...named },
    required: required.filter((name: unknown) => name !== 'auth'),
  };
}

/** The same beside a list of targets, where columns may stand in the target too. */
function namedConfigSchema(provider: Provider, core: JsonRecord): JsonRecord {
  const config = configSchema(provider, core);
  return { ...config, properties: { ...record(config.properties), columns: columnsOf(provider) } };
}

/** What all targets share may hold only what each of them knows. */
function mappedAttributes(provider: Provider): readonly JsonRecord[] {
  const conditions = {
    target: namesProvider(provider),
    targets: { type: 'array', contains: namesProvider(provider) },
  };
  const feed = { type: 'object', properties: { columns: columnsOf(provider) } };
  return Object.entries(conditions).map(([name, condition]) =>
    implies(
      { type: 'object', properties: { [name]: condition }, required: [name] },
      { type: 'object', properties: { feed, feeds: { type: 'array', items: feed } } },
    ),
  );
}

function columnsOf(provider: Provider): JsonRecord {
  const writable = Object.entries(provider.attributes).filter(([, rule]) => rule.writable !== 'never');
  const names = [...new Set([...coreAttributes, ...writable.map(([name]) => name)])];
  return { type: 'object', propertyNames: { enum: names } };
}

function namesProvider(provider: Provider): JsonRecord {
  return { type: 'object', properties: { provider: { const: provider.id } }, required: ['provider'] };
}

function implies(condition: JsonRecord, consequence: JsonRecord): JsonRecord {
  // biome-ignore lint/suspicious/noThenProperty: `then` is JSON Schema's own word; nobody awaits a schema.
  return { if: condition, then: consequence };
}

function toSchema(schema: z.ZodType): JsonRecord {
  return record(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}
