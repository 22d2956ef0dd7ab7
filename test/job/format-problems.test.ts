import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../src/job/format-problems.ts';
import type { Problem } from '../../src/job/problem.ts';

function aProblem(difference: Partial<Problem> = {}): Problem {
  return {
    severity: 'error',
    file: 'jobs/hr.yaml',
    line: 3,
    column: 5,
    path: 'name',
    message: 'bad',
    ...difference,
  };
}

describe('problems on a terminal', () => {
  it('stand one per line with their place, hints below, and a count at the end', () => {
    const problems = [
      aProblem({ hint: 'Mend it.' }),
      aProblem({ line: 9, severity: 'warning', message: 'odd' }),
    ];
    expect(formatProblems(problems)).toBe(
      [
        'jobs/hr.yaml:3:5  error  bad',
        '    Mend it.',
        'jobs/hr.yaml:9:5  warning  odd',
        '1 error, 1 warning',
      ].join('\n'),
    );
  });

  it('keep to one screen, where errors go before warnings', () => {
    const warnings = Array.from({ length: 30 }, (_, index) =>
      aProblem({ line: index + 1, severity: 'warning' }),
    );
    const text = formatProblems([...warnings, aProblem({ line: 99, message: 'the one that matters' })]);
    expect(text.split('\n')).toHaveLength(22);
    expect(text).toContain('99:5  error  the one that matters');
    expect(text).toContain('… and 11 more\n1 error, 30 warnings');
  });
});
