import { TargetFailure } from '../../domain/failure.ts';
import type { Config } from './config.ts';

/** VMware Cloud Director, or VCF Automation: the same paths with other fields. */
export type Flavour = 'vcd' | 'vcfa';

/** Which of the two products is spoken to, and in which version. */
export interface Dialect {
  readonly flavour: Flavour;
  readonly version: string;
}

export interface OfferedVersion {
  readonly version: string;
  readonly deprecated: boolean;
}

/**
 * The versions in the XML that `GET /api/versions` answers: `SupportedVersions`, each a `VersionInfo` (SDK
 * api_vcd_versions.go, 2026). Alpha versions carry a word behind a dash and are left out. Null when it is no such XML.
 */
export function parseVersions(xml: string): readonly OfferedVersion[] | null {
  if (!/<(?:\w+:)?SupportedVersions[\s>]/.test(xml)) return null;
  const infos = xml.matchAll(/<(?:\w+:)?VersionInfo\b([^>]*)>([\s\S]*?)<\/(?:\w+:)?VersionInfo>/g);
  return [...infos].flatMap(([, attributes = '', inner = '']) => {
    const [, version] = /<(?:\w+:)?Version>\s*([0-9]+(?:\.[0-9]+){1,2})\s*</.exec(inner) ?? [];
    return version === undefined ? [] : [{ version, deprecated: /deprecated\s*=\s*"true"/.test(attributes) }];
  });
}

/**
 * The version to speak. There are two number lines: 35.0 to 39.x is Cloud Director; VCF Automation has 40.0 and,
 * beside it, 9.x of its own, so the largest number of all says nothing. 40.0 is what the vendor's SDK speaks with
 * VCF Automation. Cloud Director lists old versions of small numbers too, so 9.x counts only without 35 to 39.
 */
export function chooseVersion(offered: readonly OfferedVersion[], flavour: Config['flavour']): Dialect {
  const lineA = offered.filter(({ version }) => flavourOf(version) === 'vcd');
  const lineB = offered.filter(({ version }) => majorOf(version) >= vcfaMajorMin).map(versionOf);
  const own = offered.filter(({ version }) => isOwnLine(version)).map(versionOf);
  const isVcfa = flavour === 'vcfa' || (flavour === 'auto' && (lineB.length > 0 || lineA.length === 0));
  const version = isVcfa
    ? (lineB.find((one) => compareVersions(one, '40.0') === 0) ?? newest(own) ?? oldest(lineB))
    : newestLiving(lineA);
  if (version === undefined) throw noCommonVersion(offered, isVcfa ? 'vcfa' : 'vcd');
  return { version, flavour: isVcfa ? 'vcfa' : 'vcd' };
}

/** The dialect of a version that the job prescribes. */
export function dialectOf(version: string, flavour: Config['flavour']): Dialect {
  return { version, flavour: flavour === 'auto' ? (flavourOf(version) ?? 'vcfa') : flavour };
}

/** Numbers by their parts: 9.10 is newer than 9.9. */
export function compareVersions(one: string, other: string): number {
  const ones = partsOf(one);
  const others = partsOf(other);
  for (let index = 0; index < 3; index += 1) {
    const difference = (ones[index] ?? 0) - (others[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the dialect has what came with this version of Cloud Director; VCF Automation has all of it. */
export function hasSince(dialect: Dialect, version: string): boolean {
  return dialect.flavour === 'vcfa' || compareVersions(dialect.version, version) >= 0;
}

/**
 * Whether memberships in groups can be written: `PUT /users/{urn}/groups` came with 40.0 (page of VCF Automation 9.0,
 * 2026). Nobody shows it for the 9.x numbers, so these do not count.
 */
export function writesGroups(version: string): boolean {
  return compareVersions(version, '40.0') >= 0;
}

/** The failure of a job that asks for groups where they cannot be written. */
export function withoutGroups({ version }: Dialect): TargetFailure {
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `Groups can be written since API version 40.0 (VCF Automation), and ${version} is what the target speaks.`,
    hint: 'Take target.groups and the column `groups` out of the job, or check target.flavour and target.apiVersion.',
  });
}

/** Users can be written by CloudAPI since 35.0 (OpenAPI text of 37.2). */
const vcdMajorMin = 35;
const vcfaMajorMin = 40;
const ownLineMajorMin = 9;

function flavourOf(version: string): Flavour | null {
  const major = majorOf(version);
  if (major >= vcfaMajorMin || isOwnLine(version)) return 'vcfa';
  return major >= vcdMajorMin ? 'vcd' : null;
}

/** VCF Automation's own numbers, 9.0.0 and 9.1.0 so far. */
function isOwnLine(version: string): boolean {
  const major = majorOf(version);
  return major >= ownLineMajorMin && major < 20;
}

function newestLiving(offered: readonly OfferedVersion[]): string | undefined {
  const living = offered.filter(({ deprecated }) => !deprecated);
  return newest((living.length > 0 ? living : offered).map(versionOf));
}

function newest(versions: readonly string[]): string | undefined {
  return versions.toSorted(compareVersions).at(-1);
}

function oldest(versions: readonly string[]): string | undefined {
  return versions.toSorted(compareVersions).at(0);
}

function versionOf({ version }: OfferedVersion): string {
  return version;
}

function majorOf(version: string): number {
  return partsOf(version)[0] ?? 0;
}

function partsOf(version: string): readonly number[] {
  return version.split('.').map(Number);
}

function noCommonVersion(offered: readonly OfferedVersion[], flavour: Flavour): TargetFailure {
  const asked = flavour === 'vcd' ? '35.0 to 39.x (Cloud Director)' : '40.0 or 9.x (VCF Automation)';
  const list = offered.map(versionOf).join(', ') || 'none';
  return new TargetFailure({
    trouble: 'misconfigured',
    message: `The target offers no API version of ${asked}; it offers: ${list}.`,
    hint: 'Check target.baseUrl and target.flavour, or name a version with target.apiVersion.',
  });
}
