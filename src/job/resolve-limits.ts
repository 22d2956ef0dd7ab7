import type { Limits, RateLimit } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { LimitsFile } from './job.ts';
import type { Report } from './problem.ts';
import { fieldOf } from './record.ts';

const unitMs: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 };

/** The provider's limits with the job's in their place; any rate of the job replaces all of the provider's. */
export function resolveLimits(raw: unknown, defaults: Limits, report: Report): Limits {
  checkBatchSize(fieldOf(raw, 'batchSize'), defaults.batchSize, report);
  const file = raw === undefined ? undefined : sound(LimitsFile, raw);
  if (file === undefined) return defaults;
  if (Array.isArray(file)) return { ...defaults, rates: file.map(rateOf) };
  const rates = ratesOf(file);
  return {
    rates: rates.length === 0 ? defaults.rates : rates,
    concurrency: file.concurrency ?? defaults.concurrency,
    batchSize: file.batchSize ?? defaults.batchSize,
    batchBytes: file.batchBytes ?? defaults.batchBytes,
    requestTimeoutMs:
      file.requestTimeout === undefined ? defaults.requestTimeoutMs : timeoutMs(file.requestTimeout),
  };
}

function checkBatchSize(batchSize: unknown, max: number, report: Report): void {
  if (typeof batchSize !== 'number' || batchSize <= max) return;
  report({
    path: ['target', 'limits', 'batchSize'],
    message: `\`target.limits.batchSize\` must be at most ${max}, what the provider takes in one request`,
  });
}

function ratesOf(file: Exclude<LimitsFile, readonly string[]>): readonly RateLimit[] {
  const rates: RateLimit[] = [];
  if (file.requestsPerSecond !== undefined) rates.push({ requests: file.requestsPerSecond, perMs: 1000 });
  if (file.requestsPerMinute !== undefined) rates.push({ requests: file.requestsPerMinute, perMs: 60_000 });
  return rates;
}

/** `5/s`, `300/min`, `1000/h`. */
function rateOf(text: string): RateLimit {
  const [requests, unit] = text.split('/');
  return { requests: Number(requests), perMs: unitMs[unit ?? ''] ?? 1000 };
}

/** Seconds, `30s` or `5m`, in milliseconds. */
function timeoutMs(timeout: string | number): number {
  if (typeof timeout === 'number') return Math.ceil(timeout * 1000);
  return Number.parseInt(timeout, 10) * (timeout.endsWith('m') ? 60_000 : 1000);
}
