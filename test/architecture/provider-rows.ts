import { z } from 'zod';
import type { Provider } from '../../src/contracts/provider.ts';
import { operations } from '../../src/domain/change.ts';
import type { Limits } from '../../src/domain/settings.ts';

/** The provider's row in README's table of what each can do, made of its definition. */
export function capabilityRow(provider: Provider): string {
  const { supports } = provider;
  const list = supports.listAll ? (supports.listIsComplete ? 'yes' : 'partly') : 'no';
  const cells = [
    `[${provider.id}](src/providers/${provider.id}/README.md)`,
    list,
    yesOrNo(supports.lookUp),
    ...operations.map((operation) => yesOrNo(supports.operations.includes(operation))),
    yesOrNo(isWritten(provider, 'roles')),
    yesOrNo(isWritten(provider, 'groups')),
    yesOrNo(Object.values(provider.attributes).some((rule) => rule.reference === true)),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The provider's row in README's table of how it signs in and what its limits are by default. */
export function limitsRow(provider: Provider): string {
  const { limits } = provider;
  const cells = [
    provider.id,
    authenticationOf(provider)
      .map((type) => `\`${type}\``)
      .join(', '),
    `${limits.known === false ? 'from ' : ''}${limits.rates.map(rateText).join(', ')}`,
    String(limits.concurrency),
    limits.batchSize.toLocaleString('en-GB'),
    `${limits.requestTimeoutMs / 1000} s`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The words that `target.auth.type` takes, but for those that are of use with the sandbox only. */
export function authenticationOf(provider: Provider): readonly string[] {
  const schema = Schema.parse(z.toJSONSchema(provider.config, { io: 'input', unrepresentable: 'any' }));
  const { auth } = schema.properties;
  return (auth.oneOf ?? auth.anyOf ?? [])
    .map(({ properties }) => properties.type)
    .filter(({ description = '' }) => !description.startsWith('For the sandbox only'))
    .map((type) => type.const);
}

const Way = z.looseObject({
  properties: z.looseObject({
    type: z.looseObject({ const: z.string(), description: z.string().optional() }),
  }),
});
const Schema = z.looseObject({
  properties: z.looseObject({
    auth: z.looseObject({ oneOf: z.array(Way).optional(), anyOf: z.array(Way).optional() }),
  }),
});

function isWritten({ attributes }: Provider, name: string): boolean {
  return (attributes[name]?.writable ?? 'never') !== 'never';
}

function yesOrNo(is: boolean): string {
  return is ? 'yes' : 'no';
}

function rateText({ requests, perMs }: Limits['rates'][number]): string {
  return perMs === 1_000 ? `${requests}/s` : `${requests} in ${perMs / 1000} s`;
}
