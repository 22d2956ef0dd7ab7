const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const unitBytes: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** `30s`, `10m`, `36h` or `3d`, in milliseconds. */
export function durationMs(text: string): number {
  return Number.parseInt(text, 10) * (unitMs[text.slice(-1)] ?? 1000);
}

/** `64KiB`, `1MiB` or `2GiB`, in bytes. */
export function sizeBytes(text: string): number {
  return Number.parseInt(text, 10) * (unitBytes[text.slice(-3)] ?? 1);
}
