import { readFile } from 'node:fs/promises';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { fileFailure, systemReason } from './file-failure.ts';

const Refusal = z.strictObject({ errorcode: z.string().min(1), errormessage: z.string().min(1) });
export type Refusal = z.infer<typeof Refusal>;

const HttpStatus = z.int().min(200).max(599);

const FaultMatch = z.strictObject({
  method: z.string().optional(),
  /** A part of the path, or with `*` a pattern for the whole of it. */
  path: z.string().min(1).optional(),
  op: z.string().optional(),
  /** Logins, without case; `*` stands for any characters. */
  user: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
});

const FaultAction = z.strictObject({
  latencyMs: z.int().min(0).max(600_000).optional(),
  status: HttpStatus.optional(),
  /** Seconds, or `date` for an HTTP date two seconds ahead. */
  retryAfter: z.union([z.int().min(0), z.enum(['date', 'none'])]).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Text goes out as it is, anything else as JSON. */
  body: z.unknown().optional(),
  html: z.boolean().optional(),
  /** With status, body or html: the write takes effect first. */
  applied: z.boolean().optional(),
  drop: z.enum(['before', 'after']).optional(),
  refuse: Refusal.optional(),
  refuseBatch: Refusal.extend({ status: HttpStatus.optional() }).optional(),
  contradict: z.literal('counts').optional(),
  stringStatus: z.boolean().optional(),
});
export type FaultAction = z.infer<typeof FaultAction>;

const FaultRule = z.strictObject({
  match: FaultMatch.default({}),
  skip: z.int().min(0).optional(),
  times: z.int().min(1).optional(),
  chance: z.number().min(0).max(1).optional(),
  do: FaultAction.refine((action) => Object.keys(action).length > 0, { error: 'says nothing to do' }).refine(
    (action) => action.refuse === undefined || Object.keys(action).length === 1,
    // Such a rule counts items where every other counts requests.
    { error: 'refuse stands alone in a rule' },
  ),
});
export type FaultRule = z.infer<typeof FaultRule>;

const Faults = z.strictObject({ rules: z.array(FaultRule), seed: z.int().optional() });
export type Faults = z.infer<typeof Faults>;

export const noFaults: Faults = { rules: [] };

const what = 'faults file';

/**
 * Reads a faults file (JSON or YAML), every problem reported at once with its line.
 * @param operations the words that a rule's `op` may have with this vendor
 */
export async function readFaults(path: string, operations: readonly string[]): Promise<Faults> {
  const lines = new LineCounter();
  const document = parseDocument(await readText(path), { lineCounter: lines, prettyErrors: false });
  const [malformed] = document.errors;
  if (malformed !== undefined) {
    const { line, col } = lines.linePos(malformed.pos[0]);
    throw fileFailure(what, path, `line ${line}, column ${col}: it is neither YAML nor JSON`);
  }
  const parsed = Faults.safeParse(document.toJS());
  const problems = parsed.success
    ? unknownOperations(parsed.data, operations)
    : parsed.error.issues.map((issue) => ({ path: issue.path, message: issue.message }));
  if (!parsed.success || problems.length > 0) {
    const told = problems.map((problem) => tell(problem, lineOf(document, problem.path, lines)));
    throw fileFailure(what, path, told.join('; '), {
      hint: 'The form of a faults file: src/sandboxes/README.md',
    });
  }
  return parsed.data;
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function unknownOperations(faults: Faults, operations: readonly string[]): readonly Problem[] {
  return faults.rules.flatMap(({ match }, index) =>
    match.op === undefined || operations.includes(match.op)
      ? []
      : [{ path: ['rules', index, 'match', 'op'], message: `must be one of ${operations.join(', ')}` }],
  );
}

function tell(problem: Problem, line: number | null): string {
  const at = line === null ? '' : `line ${line}: `;
  return `${at}${problem.path.map(String).join('.') || 'the file'}: ${problem.message}`;
}

/** The line of the value at a path, or of the nearest value above it that the file has. */
function lineOf(document: Document, path: readonly PropertyKey[], lines: LineCounter): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range !== null && node.range !== undefined) {
      return lines.linePos(node.range[0]).line;
    }
  }
  return null;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileFailure(what, path, systemReason(error), { cause: error });
  }
}
