/** Nobody means more than a year; a longer number would only overflow what is made of it. */
const askedMsMax = 365 * 24 * 60 * 60 * 1000;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const month = `(?<month>${months.join('|')})`;
const time = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;
const shortDay = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longDay = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';

/** The three forms of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime. */
const dateForms = [
  new RegExp(String.raw`^${shortDay}, (?<day>\d{2}) ${month} (?<year>\d{4}) ${time} GMT$`),
  new RegExp(String.raw`^${longDay}, (?<day>\d{2})-${month}-(?<year>\d{2}) ${time} GMT$`),
  new RegExp(String.raw`^${shortDay} ${month} (?<day>\d{2}| \d) ${time} (?<year>\d{4})$`),
];

/**
 * What a `Retry-After` header asks for, in milliseconds from now. Null for a missing header and for everything
 * that RFC 9110 does not allow: `Number('')` would be 0 and `Date.parse('120')` a year.
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, askedMsMax);
  const atMs = httpDateMs(value, nowMs);
  return atMs === null ? null : Math.min(Math.max(0, atMs - nowMs), askedMsMax);
}

function httpDateMs(text: string, nowMs: number): number | null {
  for (const form of dateForms) {
    const parts = form.exec(text)?.groups;
    if (parts !== undefined) return instantMs(parts, nowMs);
  }
  return null;
}

function instantMs(parts: Readonly<Record<string, string | undefined>>, nowMs: number): number | null {
  const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number);
  if (day === undefined || hour === undefined || minute === undefined || second === undefined) return null;
  const year = fullYear(parts.year ?? '', nowMs);
  const monthIndex = months.indexOf(parts.month ?? '');
  // 60 is a leap second, which the grammar allows.
  if (hour > 23 || minute > 59 || second > 60) return null;
  // Date.UTC would take the 31st of April for the 1st of May.
  if (new Date(Date.UTC(year, monthIndex, day)).getUTCDate() !== day) return null;
  return Date.UTC(year, monthIndex, day, hour, minute, second);
}

/** A year of two digits that seems to be more than 50 years ahead is the last past one with these digits. */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}
