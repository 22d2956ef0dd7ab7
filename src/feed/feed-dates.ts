import { DateTime, IANAZone } from 'luxon';
import type { FeedDates } from '../domain/settings.ts';
import { type Unfit, textAt } from './cell-values.ts';
import { type DateFormat, dateFormat, readDate } from './date-format.ts';
import type { FeedRecord } from './feed-record.ts';

/** A feed has few different dates: each is worked out once, until there are too many to remember. */
const rememberedMax = 10_000;

/** A date of the feed. */
export interface FeedDate {
  /** Days since 1970 in its zone. */
  readonly day: number;
  /** Milliseconds since 1970. */
  readonly ms: number;
}

/** Reads the dates of a feed as the job says that they are written. */
export class FeedDateReader {
  /** The forms in which dates may be written, for people. */
  readonly forms: string;
  /** Header of the column with the row's own zone; '' when there is none. */
  readonly zoneColumn: string;
  readonly #formats: readonly DateFormat[];
  readonly #zone: string;
  /** Position of the cell with the row's own zone; null: there is none. */
  readonly #zonePosition: number | null;
  readonly #asOf: string;
  readonly #dates = new Map<string, FeedDate | null>();
  readonly #todays = new Map<string, number>();

  /** @param asOf the moment that counts as now, ISO 8601 */
  constructor(dates: FeedDates, headers: readonly string[], asOf: string) {
    this.forms = dates.formats.join(' or ');
    this.zoneColumn = dates.timeZoneColumn ?? '';
    this.#formats = dates.formats.map(dateFormat);
    this.#zone = dates.timeZone;
    this.#zonePosition = dates.timeZoneColumn === null ? null : headers.indexOf(dates.timeZoneColumn);
    this.#asOf = asOf;
  }

  /** Whose midnight the row's dates mean: the job's zone unless the row names its own. */
  zoneOf(record: FeedRecord): string | Unfit {
    if (this.#zonePosition === null) return this.#zone;
    const zone = textAt(record, this.#zonePosition);
    if (typeof zone !== 'string') return zone;
    if (zone === '') return this.#zone;
    if (this.#todays.has(zone) || IANAZone.isValidZone(zone)) return zone;
    return { unfit: 'names no known time zone. Write one of the IANA list, such as Europe/Berlin.' };
  }

  /** The date that a trimmed text names, by the first form that it has; null when it has none of them. */
  read(text: string, zone: string): FeedDate | null {
    const key = `${zone}\n${text}`;
    const known = this.#dates.get(key);
    if (known !== undefined) return known;
    const date = this.#parse(text, zone);
    if (this.#dates.size >= rememberedMax) this.#dates.clear();
    this.#dates.set(key, date);
    return date;
  }

  /** The present day in a zone, in days since 1970. */
  today(zone: string): number {
    const known = this.#todays.get(zone);
    if (known !== undefined) return known;
    const today = dayOf(DateTime.fromISO(this.#asOf, { zone }));
    if (this.#todays.size >= rememberedMax) this.#todays.clear();
    this.#todays.set(zone, today);
    return today;
  }

  #parse(text: string, zone: string): FeedDate | null {
    for (const format of this.#formats) {
      const date = readDate(text, format, zone);
      if (date !== null) return { day: dayOf(date), ms: date.toMillis() };
    }
    return null;
  }
}

function dayOf({ year, month, day }: DateTime): number {
  return Date.UTC(year, month - 1, day) / 86_400_000;
}
