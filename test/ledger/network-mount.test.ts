import { describe, expect, test } from 'vitest';
import { networkMountOf } from '../../src/ledger/network-mount.ts';

const mountinfo = [
  '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '23 22 0:21 / /proc rw,relatime - proc proc rw',
  '40 22 0:50 / /mnt/hr rw,relatime shared:7 - nfs4 files.example.com:/hr rw',
  '41 22 0:51 / /mnt/hr\\040files rw,relatime - cifs //files.example.com/hr rw',
  '42 22 0:52 / /mnt/ssh rw - fuse.sshfs files.example.com: rw',
  '43 40 254:1 / /mnt/hr/local rw - xfs /dev/vdb rw',
  '44 22 0:53 / /mnt/covered rw - nfs files.example.com:/ rw',
  '45 44 254:2 / /mnt/covered rw - ext4 /dev/vdc rw',
  '',
].join('\n');

describe('networkMountOf', () => {
  test.each([
    ['/mnt/hr', '/mnt/hr', 'nfs4'],
    ['/mnt/hr/rollcall', '/mnt/hr', 'nfs4'],
    ['/mnt/hr files/rollcall', '/mnt/hr files', 'cifs'],
    ['/mnt/ssh/a/b', '/mnt/ssh', 'fuse.sshfs'],
  ])('finds the network file system that holds %s', (directory, mountPoint, type) => {
    expect(networkMountOf(mountinfo, directory)).toEqual({ mountPoint, type });
  });

  test.each(['/', '/home/ada', '/mnt/hr-local', '/mnt/hr/local/rollcall', '/mnt/covered/rollcall'])(
    'takes %s for local',
    (directory) => {
      expect(networkMountOf(mountinfo, directory)).toBeNull();
    },
  );
});
