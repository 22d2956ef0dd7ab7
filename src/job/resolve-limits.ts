import type { Limits, RateLimit, RecordRate } from '../domain/settings.ts';
import { sound } from './check-shape.ts';
import { LimitsFile } from './job.ts';
import type { Report } from './problem.ts';
import { durationMs } from './quantity.ts';
import { fieldOf } from './record.ts';

const unitMs: Readonly<Record<string, number>> = { s: 1000, min: 60_000, h: 3_600_000 };

type LimitsObject = Exclude<LimitsFile, string | readonly string[]>;

/**
 * The provider's limits with the job's in their place; any rate of requests in the job replaces all of the provider's.
 * Where the provider does not know its limit and the job states none, the limit is looked for.
 */
export function resolveLimits(raw: unknown, defaults: Limits, report: Report): Limits {
  checkBatchSize(fieldOf(raw, 'batchSize'), defaults.batchSize, report);
  const { known, ...base } = defaults;
  const file = (raw === undefined ? undefined : sound(LimitsFile, raw)) ?? {};
  if (file === 'adaptive') return adapting({ ...base, rates: [] }, defaults.rates);
  if (Array.isArray(file)) return withinRecords({ ...base, ...ratesIn(file, defaults) });
  const stated = ratesOf(file);
  const limits: Limits = {
    ...base,
    rates: stated.length === 0 ? defaults.rates : stated,
    ...recordRatesOf(file),
    concurrency: file.concurrency ?? defaults.concurrency,
    batchSize: file.batchSize ?? defaults.batchSize,
    batchBytes: file.batchBytes ?? defaults.batchBytes,
    requestTimeoutMs:
      file.requestTimeout === undefined ? defaults.requestTimeoutMs : timeoutMs(file.requestTimeout),
    ...(file.waitMax === undefined ? {} : { waitMaxMs: durationMs(file.waitMax) }),
    ...(file.outageMax === undefined ? {} : { outageMaxMs: durationMs(file.outageMax) }),
  };
  const adaptive = file.adaptive ?? (known === false && stated.length === 0);
  return withinRecords(adaptive ? adapting({ ...limits, rates: stated }, defaults.rates) : limits);
}

/** Begins at the provider's rate, or at the job's where that is lower. */
function adapting(limits: Limits, begin: readonly RateLimit[]): Limits {
  const [first, ...others] = [...begin, ...limits.rates];
  if (first === undefined) return limits;
  const perMs = ({ requests, perMs: ms }: RateLimit) => requests / ms;
  const lowest = others.reduce((one, other) => (perMs(other) < perMs(one) ? other : one), first);
  return { ...limits, adaptiveFrom: lowest };
}

/** A request never carries more records than a window allows. */
function withinRecords(limits: Limits): Limits {
  const most = (limits.recordRates ?? []).map(({ records }) => records);
  return { ...limits, batchSize: Math.min(limits.batchSize, ...most) };
}

function checkBatchSize(batchSize: unknown, max: number, report: Report): void {
  if (typeof batchSize !== 'number' || batchSize <= max) return;
  report({
    path: ['target', 'limits', 'batchSize'],
    message: `\`target.limits.batchSize\` must be at most ${max}, what the provider takes in one request`,
  });
}

function ratesOf(file: LimitsObject): readonly RateLimit[] {
  const rates: RateLimit[] = [];
  if (file.requestsPerSecond !== undefined) rates.push({ requests: file.requestsPerSecond, perMs: 1000 });
  if (file.requestsPerMinute !== undefined) rates.push({ requests: file.requestsPerMinute, perMs: 60_000 });
  if (file.requestsPerHour !== undefined) rates.push({ requests: file.requestsPerHour, perMs: 3_600_000 });
  return rates;
}

/** Empty where the job states none, so that the provider's hold. */
function recordRatesOf(file: LimitsObject): Pick<Limits, 'recordRates'> {
  const recordRates: RecordRate[] = [];
  if (file.recordsPerSecond !== undefined) recordRates.push({ records: file.recordsPerSecond, perMs: 1000 });
  if (file.recordsPerMinute !== undefined)
    recordRates.push({ records: file.recordsPerMinute, perMs: 60_000 });
  if (file.recordsPerHour !== undefined) recordRates.push({ records: file.recordsPerHour, perMs: 3_600_000 });
  return recordRates.length === 0 ? {} : { recordRates };
}

/** `5/s`, `300/min`, `1000 records/h`. */
function ratesIn(texts: readonly string[], defaults: Limits): Pick<Limits, 'rates' | 'recordRates'> {
  const rates: RateLimit[] = [];
  const recordRates: RecordRate[] = [];
  for (const text of texts) {
    const [amount = '', unit = ''] = text.split('/');
    const perMs = unitMs[unit] ?? 1000;
    if (amount.endsWith(' records')) recordRates.push({ records: Number.parseInt(amount, 10), perMs });
    else rates.push({ requests: Number(amount), perMs });
  }
  return {
    rates: rates.length === 0 ? defaults.rates : rates,
    ...(recordRates.length === 0 ? {} : { recordRates }),
  };
}

/** Seconds, `30s` or `5m`, in milliseconds. */
function timeoutMs(timeout: string | number): number {
  if (typeof timeout === 'number') return Math.ceil(timeout * 1000);
  return Number.parseInt(timeout, 10) * (timeout.endsWith('m') ? 60_000 : 1000);
}
