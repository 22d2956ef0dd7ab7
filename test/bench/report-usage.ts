import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

// Preloaded into a measured program and its threads: says at its exit, on descriptor 3, what it took.
process.on('exit', () => {
  if (!isMainThread) return;
  const { user, system } = process.cpuUsage();
  writeSync(3, JSON.stringify({ peakBytes: peakBytes(), cpuMs: (user + system) / 1_000 }));
});

/**
 * The kernel's own high-water mark of this very program. `maxRSS` is for where there is no /proc: it begins with
 * what the parent held when it forked.
 */
function peakBytes(): number {
  const kilobytes = process.platform === 'linux' ? highWaterMark() : null;
  return (kilobytes ?? process.resourceUsage().maxRSS) * 1_024;
}

function highWaterMark(): number | null {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return match === null ? null : Number(match[1]);
}
