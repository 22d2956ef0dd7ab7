import { describe, expect, it } from 'vitest';
import type { FailureKey } from '../../src/contracts/ledger.ts';
import { describeSteps, explainChange, failureKeys, failureOf } from '../../src/report/explain-change.ts';
import { buildChange, buildOutcome, buildStep, pagesOf } from './build.ts';

const steps = [buildStep({ action: 'add' }), buildStep({ action: 'assign-role', subject: 'Viewer' })];
const halfDone = {
  change: buildChange({ operation: 'create', steps }),
  outcomes: [
    buildOutcome(),
    buildOutcome({
      step: 1,
      result: 'failed',
      errorCode: 'REFUSED',
      providerCode: 'EPMCSS-21000',
      message: 'The target refused this item.',
      attempts: 3,
    }),
  ],
};

describe('explainChange', () => {
  it('takes the words of the step that decided', () => {
    expect(explainChange(halfDone, 'apply')).toEqual({
      end: 'failed',
      step: 'assign-role Viewer',
      errorCode: 'REFUSED',
      providerCode: 'EPMCSS-21000',
      message: 'The target refused this item.',
      attempts: 3,
    });
  });

  it('tells of a success what there is to tell', () => {
    const linked = buildOutcome({ errorCode: 'LINKED_EXISTING' });
    const outcomes = [linked, buildOutcome({ step: 1 })];
    expect(explainChange({ ...halfDone, outcomes }, 'apply')).toMatchObject({
      end: 'succeeded',
      step: 'add',
      errorCode: 'LINKED_EXISTING',
    });
  });

  it('names no step of a plain success, since none decided it', () => {
    const outcomes = [buildOutcome(), buildOutcome({ step: 1 })];
    expect(explainChange({ ...halfDone, outcomes }, 'apply')).toMatchObject({ end: 'succeeded', step: null });
  });

  it('says that the run stopped when a step has no outcome', () => {
    expect(explainChange({ change: buildChange(), outcomes: [] }, 'apply')).toMatchObject({
      end: 'notSent',
      errorCode: 'STOPPED',
      attempts: 0,
    });
  });

  it('takes the reason of a change that was never sent', () => {
    const reason = { code: 'GUARD', message: 'The disables guard holds it.' };
    const change = buildChange({ disposition: 'held', reason });
    expect(explainChange({ change, outcomes: [] }, 'apply')).toMatchObject({
      end: 'held',
      errorCode: 'GUARD',
      message: 'The disables guard holds it.',
    });
  });
});

describe('describeSteps', () => {
  it('tells every step of an applied change with its codes', () => {
    expect(describeSteps(halfDone, 'apply')).toBe(
      'add=succeeded; assign-role Viewer=failed(REFUSED EPMCSS-21000)',
    );
  });

  it('calls a step without an outcome not sent', () => {
    const outcomes = [buildOutcome({ result: 'failed' })];
    expect(describeSteps({ ...halfDone, outcomes }, 'apply')).toBe('add=failed; assign-role Viewer=notSent');
  });

  it('only names the steps of a plan', () => {
    expect(describeSteps({ ...halfDone, outcomes: [] }, 'plan')).toBe('add; assign-role Viewer');
  });
});

describe('failureOf', () => {
  it('counts a conflict found by comparing as a failure, in a plan too', () => {
    const conflict = { code: 'LOGIN_TAKEN', message: 'The login is taken.' };
    const change = buildChange({ disposition: 'conflict', conflict, steps: [] });
    expect(failureOf({ change, outcomes: [] }, 'plan')).toMatchObject({
      line: 2,
      result: 'conflict',
      errorCode: 'LOGIN_TAKEN',
    });
  });

  it('does not count what was held, not sent or planned', () => {
    expect(failureOf({ change: buildChange({ disposition: 'held' }), outcomes: [] }, 'apply')).toBeNull();
    expect(failureOf({ change: buildChange(), outcomes: [] }, 'apply')).toBeNull();
    expect(failureOf({ change: buildChange(), outcomes: [] }, 'plan')).toBeNull();
  });
});

describe('failureKeys', () => {
  it('gives the failures of all pages and no empty page', async () => {
    const good = { change: buildChange(), outcomes: [buildOutcome()] };
    const pages: (readonly FailureKey[])[] = [];
    for await (const page of failureKeys(pagesOf([good, good, good, halfDone]), 'apply')) pages.push(page);
    expect(pages).toEqual([[{ key: 'E1', operation: 'create', errorCode: 'REFUSED' }]]);
  });
});
