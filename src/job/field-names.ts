import type { FieldPath } from './problem.ts';
import { fieldOf, isRecord, type JsonRecord } from './record.ts';

/**
 * The names of the fields that a JSON Schema knows at a path, for suggestions. Where the schema has
 * alternatives, only those count whose fixed words (such as `type: basic`) the value does not contradict.
 */
export function fieldNames(schema: unknown, path: FieldPath, value: unknown): readonly string[] {
  let nodes = alternatives(schema, value);
  let current = value;
  for (const segment of path) {
    current = fieldOf(current, segment);
    const inner = current;
    nodes = nodes.flatMap((node) => alternatives(child(node, segment), inner));
  }
  return [...new Set(nodes.flatMap((node) => Object.keys(properties(node))))];
}

function alternatives(schema: unknown, value: unknown): readonly JsonRecord[] {
  if (!isRecord(schema) || contradicts(schema, value)) return [];
  const inner = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => {
    const list = schema[word];
    return Array.isArray(list) ? list.flatMap((entry: unknown) => alternatives(entry, value)) : [];
  });
  return [schema, ...inner];
}

function contradicts(schema: JsonRecord, value: unknown): boolean {
  return Object.entries(properties(schema)).some(([name, property]) => {
    const word = fieldOf(property, 'const');
    const given = fieldOf(value, name);
    return word !== undefined && given !== undefined && given !== word;
  });
}

function child(schema: JsonRecord, segment: string | number): unknown {
  if (typeof segment === 'number') return schema.items;
  return fieldOf(properties(schema), segment) ?? schema.additionalProperties;
}

function properties(schema: JsonRecord): JsonRecord {
  const found = schema.properties;
  return isRecord(found) ? found : {};
}
