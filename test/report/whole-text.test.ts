import { describe, expect, it } from 'vitest';
import { feedsOf, type NamedFeedSection } from '../../src/report/report.ts';
import { wholeText } from '../../src/report/whole-text.ts';
import { buildReport } from './build.ts';

const textOf = (difference: Partial<NamedFeedSection>): string[] =>
  feedsOf(buildReport()).map((feed) => wholeText({ ...feed, ...difference }));

describe('what is said of a feed', () => {
  it('tells of a full one whether it is whole', () => {
    expect(textOf({})).toEqual(['proven whole']);
    expect(textOf({ whole: 'unproven' })).toEqual(['not proven whole']);
  });

  it('tells it of a delta only where the job gives a proof', () => {
    expect(textOf({ mode: 'delta', whole: 'unproven' })).toEqual(['a delta']);
    expect(textOf({ mode: 'delta' })).toEqual(['a delta, proven whole']);
    expect(textOf({ mode: 'delta', whole: 'contradicted' })).toEqual(['a delta, not what it says it is']);
  });

  it('tells nothing of it where there is only a part, or nothing', () => {
    expect(textOf({ partial: true, whole: 'unproven' })).toEqual(['a mended part of a feed']);
    expect(textOf({ missing: true, whole: 'unproven' })).toEqual(['not there']);
  });
});
