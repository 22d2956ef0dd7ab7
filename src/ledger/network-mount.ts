import { readFileSync } from 'node:fs';
import { Failure } from '../domain/failure.ts';

export interface Mount {
  readonly mountPoint: string;
  readonly type: string;
}

/**
 * File systems that other machines may have mounted too. SQLite's write-ahead log needs memory shared by all
 * readers and writers, so it works on one machine only (https://www.sqlite.org/wal.html, read November 2026).
 */
const networkTypes: ReadonlySet<string> = new Set([
  '9p',
  'afs',
  'beegfs',
  'ceph',
  'cifs',
  'gpfs',
  'lustre',
  'ncpfs',
  'nfs',
  'nfs4',
  'smb2',
  'smb3',
  'smbfs',
  'fuse.ceph',
  'fuse.davfs',
  'fuse.gcsfuse',
  'fuse.glusterfs',
  'fuse.rclone',
  'fuse.s3fs',
  'fuse.sshfs',
]);

/** Throws a `Failure` when a directory (a real path) lies on a network file system. Knows Linux only. */
export function refuseNetworkMount(directory: string): void {
  if (process.platform !== 'linux') return;
  const mount = networkMountOf(readFileSync('/proc/self/mountinfo', 'utf8'), directory);
  if (mount === null) return;
  throw new Failure({
    code: 'LEDGER_ON_NETWORK',
    message: `The ledger cannot lie in ${directory}: ${mount.mountPoint} is a network file system (${mount.type}).`,
    hint: 'Give `ledger` a path on a local disk: SQLite cannot keep its promises on a network file system.',
    exit: 1,
  });
}

/** The mount that holds the directory, when it is a network file system. `mountinfo` is as proc(5) describes it. */
export function networkMountOf(mountinfo: string, directory: string): Mount | null {
  let holding: Mount | null = null;
  for (const line of mountinfo.split('\n')) {
    const mount = parseMount(line);
    if (mount === null || !holds(mount.mountPoint, directory)) continue;
    // A later mount on the same point hides the earlier one.
    if (holding === null || mount.mountPoint.length >= holding.mountPoint.length) holding = mount;
  }
  return holding !== null && networkTypes.has(holding.type) ? holding : null;
}

function parseMount(line: string): Mount | null {
  const [left, right] = line.split(' - ');
  const mountPoint = left?.split(' ')[4];
  const type = right?.split(' ')[0];
  if (mountPoint === undefined || type === undefined) return null;
  return { mountPoint: unescapeOctal(mountPoint), type };
}

/** Blanks and backslashes stand as `\040` and `\134`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function holds(mountPoint: string, directory: string): boolean {
  return mountPoint === '/' || directory === mountPoint || directory.startsWith(`${mountPoint}/`);
}
