import type { FieldPath, Problem, Report, Trouble } from './problem.ts';
import { valueAt } from './record.ts';
import { nameOfTarget } from './target-views.ts';
import type { Place, YamlSource } from './yaml-source.ts';

/** Gathers problems and gives each its line and column. */
export interface ProblemList {
  readonly report: Report;
  /** True once something is wrong that the job cannot be run with. */
  hasErrors(): boolean;
  /** In the order of the file. */
  all(): readonly Problem[];
}

export function createProblemList(file: string, source: YamlSource, environment: string | null): ProblemList {
  const found = new Map<string, Problem>();
  const add = (problem: Problem): void => {
    const identity = `${problem.line}:${problem.column} ${problem.message}`;
    const known = found.get(identity);
    found.set(identity, known === undefined ? problem : ofBoth(known, problem));
  };
  for (const { line, column, message } of source.troubles) {
    add({ severity: 'error', file, line, column, path: '', message });
  }
  return {
    report: (trouble) => {
      const { place, path } = locate(trouble, source, environment);
      add({
        severity: trouble.severity ?? 'error',
        file,
        line: place.line,
        column: place.column,
        ...targetsOf(trouble, source),
        path: path.join('.'),
        message: withTargetNames(trouble, source),
        ...(trouble.hint === undefined ? {} : { hint: trouble.hint }),
      });
    },
    hasErrors: () => [...found.values()].some((problem) => problem.severity === 'error'),
    all: () => [...found.values()].sort((one, other) => one.line - other.line || one.column - other.column),
  };
}

function targetsOf({ target, path: [part, index] }: Trouble, source: YamlSource): Pick<Problem, 'targets'> {
  const ofList = part === 'targets' && typeof index === 'number' ? targetNameAt(index, source) : undefined;
  const name = target ?? ofList;
  return name === undefined ? {} : { targets: [name] };
}

/** What is found for several targets is said once, and is about each of them. */
function ofBoth({ targets: known, ...problem }: Problem, { targets: more }: Problem): Problem {
  if (known === undefined || more === undefined) return problem;
  return { ...problem, targets: [...new Set([...known, ...more])] };
}

/** A field of a target may stand in the chosen environment or in the job itself: the fuller match wins. */
function locate(
  trouble: Trouble,
  source: YamlSource,
  environment: string | null,
): { place: Place; path: FieldPath } {
  const at = trouble.at ?? 'value';
  const sought = trouble.place ?? trouble.path;
  const own = { place: source.place(sought, at), path: trouble.path };
  if (environment === null) return own;
  const overlay = inEnvironment(sought, environment, source);
  const path = inEnvironment(trouble.path, environment, source);
  if (overlay === undefined || path === undefined) return own;
  const place = source.place(overlay, at);
  const outside = overlay.length - sought.length;
  return place.depth - outside < own.place.depth ? own : { place, path };
}

/** Where an environment would lay over this field of a target; it has the targets of a list by their names. */
function inEnvironment(path: FieldPath, environment: string, source: YamlSource): FieldPath | undefined {
  const [part, index, ...rest] = path;
  if (part === 'target') return ['environments', environment, ...path];
  if (part !== 'targets' || typeof index !== 'number') return undefined;
  const name = targetNameAt(index, source);
  return name === undefined ? undefined : ['environments', environment, 'targets', name, ...rest];
}

/** People know the targets of a list by name: `targets.1.baseUrl` is `targets.scim.baseUrl` in a message. */
function withTargetNames({ path, message }: Trouble, source: YamlSource): string {
  const [part, index] = path;
  const name = part === 'targets' && typeof index === 'number' ? targetNameAt(index, source) : undefined;
  return name === undefined ? message : message.replaceAll(`\`targets.${index}.`, () => `\`targets.${name}.`);
}

function targetNameAt(index: number, source: YamlSource): string | undefined {
  return nameOfTarget(valueAt(source.data, ['targets', index]));
}
