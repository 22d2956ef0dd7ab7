/*
 * Bugs that the harness has to see, each as a change of a few words in a copy of the program. `checks` are tried in their
 * order until one fails: that one has caught it.
 */

export interface Bug {
  readonly name: string;
  /** Path below `src`. */
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  readonly checks: readonly Check[];
}

/** Scripts of this folder with their arguments, which `--lanes` may be added to, or a test file below `test`. */
export const checks = {
  simulation: ['simulate.ts', '--seeds', '250', '--stop'],
  auditor: ['audit-runs.ts', '--runs', '250'],
  'order of system calls': ['order.ts', '--people', '90'],
  pairs: ['pairs.ts', '--pairs', '4'],
  'crash driver': ['crash.ts', '--people', '40', '--kills', '24', '--steps', '0'],
  'test/http/request.test.ts': ['http/request.test.ts'],
  'test/plan/read-plan.test.ts': ['plan/read-plan.test.ts'],
  'test/dispatch/lost-answers.test.ts': ['dispatch/lost-answers.test.ts'],
} as const;
export type Check = keyof typeof checks;

export const bugs: readonly Bug[] = [
  {
    name: 'a step is sent while its intent is still being written',
    edits: [
      {
        file: 'dispatch/dispatch.ts',
        find: 'await this.#tools.ledger.recordIntents(',
        put: 'this.#intended.push(...batches); this.#event.resolve(); await this.#tools.ledger.recordIntents(',
      },
      { file: 'dispatch/dispatch.ts', find: '    this.#intended.push(...batches);\n  }', put: '  }' },
    ],
    checks: ['simulation', 'order of system calls'],
  },
  {
    name: 'no intent is written at all',
    edits: [
      {
        file: 'run/send-plan.ts',
        find: 'await ledger.recordIntents(run.id, intents);',
        put: '',
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'SQLite syncs as in NORMAL instead of FULL',
    edits: [
      {
        file: 'ledger/connection.ts',
        find: 'PRAGMA synchronous = FULL;',
        put: 'PRAGMA synchronous = NORMAL;',
      },
      { file: 'ledger/connection.ts', find: 'const synchronousFull = 2;', put: 'const synchronousFull = 1;' },
    ],
    checks: ['order of system calls'],
  },
  {
    name: 'the lock is not taken',
    edits: [{ file: 'ledger/lock.ts', find: '; BEGIN EXCLUSIVE', put: '; BEGIN' }],
    checks: ['pairs'],
  },
  {
    name: 'a guard lets one person more pass than it says',
    edits: [
      { file: 'guard/limits.ts', find: 'tripped: actual > allowed,', put: 'tripped: actual > allowed + 1,' },
    ],
    checks: ['simulation'],
  },
  {
    name: 'a guard holds what is just allowed',
    edits: [
      {
        file: 'guard/limits.ts',
        find: 'tripped: actual > allowed,',
        put: 'tripped: actual >= allowed && actual > 0,',
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'a guard judges batches of two in the place of the whole plan',
    edits: [
      {
        file: 'guard/limits.ts',
        find: 'tripped: actual > allowed,',
        put: 'tripped: Math.min(actual, 2) > allowed,',
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'a redirect is taken for success',
    edits: [
      {
        file: 'http/exchange.ts',
        find: '    if (status < 400 && status >= 300) {',
        put: '    if (status < 400 && status >= 300) this.status = 200;\n    if (status < 200) {',
      },
    ],
    checks: ['test/http/request.test.ts'],
  },
  {
    name: 'a quarantined row is taken for an absent person',
    edits: [
      {
        file: 'run/take-feed.ts',
        find: '    matching.addMentioned(batch.quarantined, position);\n',
        put: '',
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'the report is written before the last outcomes',
    edits: [
      {
        file: 'run/send-plan.ts',
        find: '    return ledger.recordOutcomes(run.id, outcomes);',
        put: '    void world.clock.sleep(2_000).then(() => ledger.recordOutcomes(run.id, outcomes)).catch(() => undefined);\n    return Promise.resolve();',
      },
    ],
    checks: ['auditor', 'simulation'],
  },
  {
    name: 'what a killed run left untold stays so',
    edits: [{ file: 'run/tell-accounts.ts', find: 'await ledger.untoldRuns(scope)', put: '[] as Run[]' }],
    checks: ['simulation'],
  },
  {
    name: 'accounts are told again of what they know',
    edits: [
      {
        file: 'ledger/untold.ts',
        find: '        tell.run(run, slice, upTo);\n',
        put: '        if (upTo < 0) tell.run(run, slice, upTo);\n',
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'an outcome of a later batch is told of an earlier one',
    edits: [
      {
        file: 'dispatch/step-outcomes.ts',
        find: 'sent[position] ?? null, { fatal, at }',
        put: 'sent[0] ?? null, { fatal, at }',
      },
    ],
    checks: ['auditor', 'simulation'],
  },
  {
    name: 'a change is as good as its best step',
    edits: [
      {
        file: 'report/reconcile.ts',
        find: 'return worstFirst.find((result) => seen.has(result))',
        put: 'return worstFirst.findLast((result) => seen.has(result))',
      },
    ],
    checks: ['auditor'],
  },
  {
    name: 'a row that was set aside is missing in rejects.csv',
    edits: [
      {
        file: 'report/rejects-csv.ts',
        find: 'lines(rows.map(({ row, code, column, message })',
        put: 'lines(rows.slice(1).map(({ row, code, column, message })',
      },
    ],
    checks: ['auditor'],
  },
  {
    name: 'Retry-After is ignored',
    edits: [
      {
        file: 'http/patience.ts',
        find: 'if (askedMs !== null) limiter.pauseUntil(nowMs + askedMs);',
        put: 'if (askedMs !== null) limiter.pauseUntil(nowMs);',
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'requests leave at twice the known limit',
    edits: [
      {
        file: 'http/pace.ts',
        find: 'lowest(rates, ({ requests }) => requests);',
        put: 'lowest(rates.map((rate) => ({ ...rate, perMs: rate.perMs / 2 })), ({ requests }) => requests);',
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'an unknown write is sent again blind',
    edits: [
      {
        file: 'dispatch/send-batch.ts',
        find: "if (verdict === 'notApplied') return true;",
        put: "if (verdict !== 'applied') return true;",
      },
    ],
    checks: ['simulation'],
  },
  {
    name: 'a write is sent again with a new key',
    edits: [
      {
        file: 'dispatch/send-batch.ts',
        find: 'return leaveBefore === null ? plain : { ...item, leaveBefore };',
        put: 'return leaveBefore === null ? plain : { ...item, leaveBefore, key: "again " + item.key };',
      },
    ],
    checks: ['test/dispatch/lost-answers.test.ts'],
  },
  {
    name: 'a write is sent again when its key is forgotten',
    edits: [{ file: 'dispatch/send-batch.ts', find: 'if (clock.now() >= until) return false;', put: '' }],
    checks: ['test/dispatch/lost-answers.test.ts'],
  },
  {
    name: 'a write without an answer counts as failed',
    edits: [
      {
        file: 'dispatch/send-batch.ts',
        find: 'return this.#resolve(entries, () => unanswered(codeOf(failure), failure));',
        put: 'for (const entry of entries) this.#settle(entry, refused(failure));\n        return [];',
      },
    ],
    checks: ['simulation', 'auditor'],
  },
  {
    name: 'what an earlier run left open is not looked at',
    edits: [
      {
        file: 'run/run-job.ts',
        find: "if (options.mode === 'apply' && (await hasOpenRuns(open))) {",
        put: "if (options.mode === 'apply' && (await hasOpenRuns(open)) && open.run.id === '') {",
      },
    ],
    checks: ['simulation', 'crash driver'],
  },
  {
    name: 'the hash of a plan is not checked',
    edits: [
      {
        file: 'plan/read-plan.ts',
        find: 'return hash === planHash && written.equals(line)',
        put: 'return hash !== null && written !== null',
      },
    ],
    checks: ['test/plan/read-plan.test.ts'],
  },
];
