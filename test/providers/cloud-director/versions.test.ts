import { describe, expect, it } from 'vitest';
import {
  chooseVersion,
  compareVersions,
  dialectOf,
  hasSince,
  parseVersions,
} from '../../../src/providers/cloud-director/versions.ts';

const offered = (...versions: readonly string[]) =>
  versions.map((text) => ({ version: text.replace('!', ''), deprecated: text.endsWith('!') }));

describe('chooseVersion', () => {
  it.each([
    ['Cloud Director', ['35.0!', '37.2', '39.0', '39.1'], '39.1', 'vcd'],
    ['Cloud Director with old small numbers', ['5.5!', '9.0!', '27.0!', '38.1'], '38.1', 'vcd'],
    ['a Cloud Director that gives up its newest', ['37.2', '38.1', '39.0!'], '38.1', 'vcd'],
    ['a Cloud Director of which all is deprecated', ['35.0!', '36.0!'], '36.0', 'vcd'],
    ['VCF Automation', ['9.0.0', '9.1.0', '40.0'], '40.0', 'vcfa'],
    ['VCF Automation beside Cloud Director versions', ['38.0', '39.1', '40.0'], '40.0', 'vcfa'],
    ['VCF Automation of its own line only', ['9.0.0', '9.10.0', '9.9.0'], '9.10.0', 'vcfa'],
    ['a later VCF Automation', ['42.0', '41.0'], '41.0', 'vcfa'],
  ])('knows %s and never goes by the largest number', (_, versions, version, flavour) => {
    expect(chooseVersion(offered(...versions), 'auto')).toEqual({ version, flavour });
  });

  it('keeps to the flavour that the job says', () => {
    expect(chooseVersion(offered('39.1', '40.0'), 'vcd')).toEqual({ version: '39.1', flavour: 'vcd' });
    expect(chooseVersion(offered('39.1', '9.1.0'), 'vcfa')).toEqual({ version: '9.1.0', flavour: 'vcfa' });
  });

  it('names what is offered when nothing fits', () => {
    expect(() => chooseVersion(offered('31.0', '33.0'), 'vcd')).toThrow(/31\.0, 33\.0/);
  });
});

describe('parseVersions', () => {
  it('reads numbers and deprecation, and leaves alpha versions out', () => {
    const xml = `<?xml version="1.0"?><SupportedVersions xmlns="http://www.vmware.com/vcloud/versions">
      <VersionInfo deprecated="true"><Version>36.3</Version><LoginUrl>https://h</LoginUrl></VersionInfo>
      <VersionInfo deprecated="false"><Version>39.1</Version></VersionInfo>
      <VersionInfo><Version>40.0.0-alpha-17</Version></VersionInfo></SupportedVersions>`;
    expect(parseVersions(xml)).toEqual([
      { version: '36.3', deprecated: true },
      { version: '39.1', deprecated: false },
    ]);
  });

  it('does not take a page of HTML for a list', () => {
    expect(parseVersions('<html><Version>39.1</Version></html>')).toBeNull();
  });
});

describe('dialects', () => {
  it('know what came when', () => {
    expect(hasSince({ flavour: 'vcd', version: '37.0' }, '37.1')).toBe(false);
    expect(hasSince({ flavour: 'vcd', version: '38.0' }, '37.1')).toBe(true);
    expect(hasSince({ flavour: 'vcfa', version: '9.1.0' }, '37.1')).toBe(true);
  });

  it('are told by the version unless the job says more', () => {
    expect(dialectOf('38.1', 'auto').flavour).toBe('vcd');
    expect(dialectOf('9.1.0', 'auto').flavour).toBe('vcfa');
    expect(dialectOf('40.0', 'auto').flavour).toBe('vcfa');
    expect(dialectOf('40.0', 'vcd').flavour).toBe('vcd');
  });

  it('compare part by part', () => {
    expect(compareVersions('9.10', '9.9')).toBeGreaterThan(0);
    expect(compareVersions('40', '40.0')).toBe(0);
  });
});
