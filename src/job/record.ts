import type { FieldPath } from './problem.ts';

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of an own field; undefined for an absent field or a value without fields. */
export function fieldOf(value: unknown, segment: string | number): unknown {
  if (Array.isArray(value)) return value[Number(segment)];
  return isRecord(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
}

export function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce(fieldOf, value);
}
