import type { FieldPath, Problem, Report, Trouble } from './problem.ts';
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
    if (!found.has(identity)) found.set(identity, problem);
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
        path: path.join('.'),
        message: trouble.message,
        ...(trouble.hint === undefined ? {} : { hint: trouble.hint }),
      });
    },
    hasErrors: () => [...found.values()].some((problem) => problem.severity === 'error'),
    all: () => [...found.values()].sort((one, other) => one.line - other.line || one.column - other.column),
  };
}

/** A field of the target may stand in the chosen environment or in the job itself: the fuller match wins. */
function locate(
  trouble: Trouble,
  source: YamlSource,
  environment: string | null,
): { place: Place; path: FieldPath } {
  const at = trouble.at ?? 'value';
  const sought = trouble.place ?? trouble.path;
  const own = source.place(sought, at);
  if (environment === null || sought[0] !== 'target') return { place: own, path: trouble.path };
  const prefix = ['environments', environment];
  const overlaid = source.place([...prefix, ...sought], at);
  if (overlaid.depth - prefix.length < own.depth) return { place: own, path: trouble.path };
  return { place: overlaid, path: [...prefix, ...trouble.path] };
}
