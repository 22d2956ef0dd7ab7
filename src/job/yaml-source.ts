import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { FieldPath } from './problem.ts';

/** From 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface SyntaxTrouble extends Position {
  readonly message: string;
}

/** A place in the file, and how many segments of the asked path exist there. */
export interface Place extends Position {
  readonly depth: number;
}

/** A YAML file that still knows where everything stands. */
export interface YamlSource {
  readonly data: unknown;
  readonly troubles: readonly SyntaxTrouble[];
  /** True when the text is so broken that `data` says nothing. */
  readonly unreadable: boolean;
  /** Where a field's name or value stands; for an absent field, where the nearest field around it stands. */
  place(path: FieldPath, at: 'key' | 'value'): Place;
  /** A scalar as it is spelt in the file (`0123`, where `data` has the number 123). */
  source(path: FieldPath): string | undefined;
  /** The name of a field as it is spelt in the file. */
  keySource(path: FieldPath): string | undefined;
}

/**
 * What YAML's own messages say without quoting the file: they repeat the text at fault, and that text may be a
 * password that begins with `*` or `!`.
 */
const syntaxMessages: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias cannot have a tag or an anchor',
  BAD_ALIAS: 'a value cannot begin with `*`; quote it if it is text',
  BAD_DIRECTIVE: 'this line is no YAML directive',
  BAD_DQ_ESCAPE: 'unknown escape after `\\`; use single quotes, or write `\\\\`',
  BAD_INDENT: 'the indentation does not fit, or a bracket is not closed',
  BAD_SCALAR_START: 'a value cannot begin with this character; quote it if it is text',
  BLOCK_AS_IMPLICIT_KEY: 'two colons in one value: mend the indentation below, or quote it if it is text',
  BLOCK_IN_FLOW: 'an indented block cannot stand inside brackets',
  DUPLICATE_KEY: 'this field is given twice',
  KEY_OVER_1024_CHARS: 'this field name is too long',
  MISSING_CHAR: 'a character is missing here: a colon with a space after it, a comma, a quote or a bracket',
  MULTILINE_IMPLICIT_KEY: 'a field name must stand on one line, with a colon and a space after it',
  MULTIPLE_DOCS: 'the file holds several documents; a job file holds one',
  NON_STRING_KEY: 'a field name must be text',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'unknown tag; quote the value if it is text that begins with `!`',
  UNEXPECTED_TOKEN: 'this cannot stand here',
};

/** Reads YAML text; never throws, and no message quotes the text. */
export function readYaml(text: string): YamlSource {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const position = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const faults = [...syntaxFaults(document), ...unsupported(document)];
  return {
    troubles: faults.map((fault) => ({ ...position(fault.offset), message: fault.message })),
    data: faults.some((fault) => fault.fatal) ? undefined : document.toJS(),
    unreadable: faults.some((fault) => fault.fatal),
    place: (path, at) => {
      const found = find(document, path, at);
      return { ...position(found.offset), depth: found.depth };
    },
    source: (path) => sourceOf(pairAt(document, path)?.value),
    keySource: (path) => sourceOf(pairAt(document, path)?.key),
  };
}

interface Fault {
  readonly offset: number;
  readonly message: string;
  /** True when nothing can be read from the file; a doubled field still lets the others be checked. */
  readonly fatal: boolean;
}

function syntaxFaults(document: Document): readonly Fault[] {
  const faults = [...document.errors, ...document.warnings];
  // The parser may complain several times of one place; the first complaint is the nearest to the cause.
  const first = faults.filter(
    (fault, index) => faults.findIndex(({ pos }) => pos[0] === fault.pos[0]) === index,
  );
  return first.map((fault) => ({
    offset: fault.pos[0],
    message: syntaxMessages[fault.code] ?? 'this is not valid YAML',
    fatal: fault.code !== 'DUPLICATE_KEY',
  }));
}

/** What YAML allows and a job file does not: a place must mean one field, and a field's name must be text. */
function unsupported(document: Document): readonly Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias: (_, node) => {
      const message = 'aliases are not supported: write the value out, or quote text that begins with `*`';
      faults.push({ offset: startOf(node), message, fatal: true });
    },
    Pair: (_, pair) => {
      if (isScalar(pair.key)) return;
      faults.push({ offset: startOf(pair.key), message: 'a field name must be text', fatal: true });
    },
  });
  return faults;
}

function find(document: Document, path: FieldPath, at: 'key' | 'value'): { offset: number; depth: number } {
  let node: unknown = document.contents;
  let offset = startOf(node);
  let depth = 0;
  for (const segment of path) {
    const child = childOf(node, segment);
    if (child === undefined) break;
    node = child.value;
    depth += 1;
    const wantsKey = at === 'key' || depth < path.length || isEmpty(child.value);
    offset = startOf(wantsKey ? child.key : child.value);
  }
  return { offset, depth };
}

/** The field of this name, or the item of this number; undefined for the root and for what is not there. */
function pairAt(document: Document, path: FieldPath): { key: unknown; value: unknown } | undefined {
  let found: { key: unknown; value: unknown } | undefined;
  for (const segment of path) {
    found = childOf(found === undefined ? document.contents : found.value, segment);
    if (found === undefined) return undefined;
  }
  return found;
}

function sourceOf(node: unknown): string | undefined {
  return isScalar(node) ? node.source : undefined;
}

function childOf(node: unknown, segment: string | number): { key: unknown; value: unknown } | undefined {
  if (isMap(node)) {
    // Of a doubled field the last one counts, as in the data.
    const pair = node.items.findLast(
      ({ key }) =>
        isScalar(key) && (String(key.value ?? '') === String(segment) || key.source === String(segment)),
    );
    return pair === undefined ? undefined : { key: pair.key, value: pair.value };
  }
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(segment)];
  return item === undefined ? undefined : { key: item, value: item };
}

/** A field with nothing behind its colon has no place of its own, so its name stands for it. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? '') === '');
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
