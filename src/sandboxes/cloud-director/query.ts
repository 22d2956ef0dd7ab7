import { ownAddress, pageSizes } from './facts.ts';
import { badRequest, type Refused } from './refusal.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface PageOf {
  readonly body: object;
  readonly link: string | null;
}

/** What may be searched and sorted by, of one kind of entity. */
export interface Queryable {
  readonly path: string;
  /** Cannot stand in a filter. */
  readonly nonSearchable: readonly string[];
  /** Cannot be sorted by. */
  readonly nonSortable: readonly string[];
  readonly usualSort: string;
}

/** One page of rows, as the query asks for it. */
export function pageOf(
  rows: readonly Row[],
  search: string,
  queryable: Queryable,
  paging: 'links' | 'numbers',
): PageOf | Refused {
  const parameters = parametersOf(search);
  const page = wholeNumber(parameters.get('page') ?? '1');
  const pageSize = wholeNumber(parameters.get('pageSize') ?? String(pageSizes.usual));
  if (page === null || page < 1) return badRequest('page must be at least 1.');
  if (pageSize === null || pageSize > pageSizes.most) {
    return badRequest(`pageSize must be at most ${pageSizes.most}.`);
  }
  const filtered = filterRows(rows, parameters, queryable);
  if (!Array.isArray(filtered)) return filtered as Refused;
  const sorted = sortRows(filtered, parameters, queryable);
  if (!Array.isArray(sorted)) return sorted as Refused;
  const pageCount = pageSize === 0 ? 0 : Math.ceil(sorted.length / pageSize);
  const body = {
    resultTotal: sorted.length,
    pageCount: paging === 'numbers' ? null : pageCount,
    page,
    pageSize,
    associations: null,
    values: sorted.slice((page - 1) * pageSize, page * pageSize),
  };
  const link = paging === 'numbers' ? null : linksOf({ page, pageCount, search, path: queryable.path });
  return { body, link };
}

/** Relations that lead to the same page share one link: `rel="nextPage lastPage"`. */
function linksOf(at: { page: number; pageCount: number; search: string; path: string }): string | null {
  const relations = new Map<number, string[]>();
  const add = (relation: string, page: number): void => {
    if (page < 1 || page > at.pageCount) return;
    relations.set(page, [...(relations.get(page) ?? []), relation]);
  };
  add('firstPage', 1);
  add('previousPage', at.page - 1);
  add('lastPage', at.pageCount);
  add('nextPage', at.page + 1);
  const links = [...relations].map(([page, names]) => {
    const query = new URLSearchParams(at.search);
    query.set('page', String(page));
    return `<${ownAddress}${at.path}?${query}>;rel="${names.join(' ')}";type="application/json";model="Users"`;
  });
  return links.length === 0 ? null : links.join(', ');
}

function filterRows(
  rows: readonly Row[],
  parameters: ReadonlyMap<string, string>,
  queryable: Queryable,
): readonly Row[] | Refused {
  const filter = parameters.get('filter');
  if (filter === undefined || filter === '') return rows;
  const isEncoded = parameters.get('filterEncoded') === 'true';
  const terms = filter
    .replace(/^\((.*)\)$/s, '$1')
    .split(',')
    .map((all) => all.split(';').map((term) => termOf(term, isEncoded)));
  const unreadable = terms.flat().some((term) => term === null);
  const hidden = terms.flat().find((term) => term !== null && queryable.nonSearchable.includes(term.field));
  if (unreadable) return badRequest('QueryParseException: Cannot parse the supplied filter.');
  if (hidden) return badRequest(`The field ${hidden.field} cannot be searched.`);
  return rows.filter((row) => terms.some((all) => all.every((term) => term !== null && matches(row, term))));
}

interface Term {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

/** `field==value` or `field!=value`; blanks and pluses break the parser, however they came. */
function termOf(text: string, isEncoded: boolean): Term | null {
  const [, field, operator, raw] = /^([A-Za-z.]+)(==|!=)(.+)$/s.exec(text) ?? [];
  if (field === undefined || raw === undefined || /[\s+()'"]/.test(raw)) return null;
  // Without `filterEncoded`, a percent sign or an at sign is no part of a value.
  if (!isEncoded && /[%@]/.test(raw)) return null;
  try {
    const value = isEncoded ? decodeURIComponent(raw) : raw;
    return /[\s+,;]/.test(value) ? null : { field, isEqual: operator === '==', value };
  } catch {
    return null;
  }
}

function matches(row: Row, { field, isEqual, value }: Term): boolean {
  const text = String(row[field] ?? '');
  const isSame = value.includes('*') ? glob(value).test(text) : text === value;
  return isSame === isEqual;
}

function glob(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

function sortRows(
  rows: readonly Row[],
  parameters: ReadonlyMap<string, string>,
  queryable: Queryable,
): readonly Row[] | Refused {
  const descending = parameters.get('sortDesc') ?? '';
  const field = parameters.get('sortAsc') || descending || queryable.usualSort;
  if (queryable.nonSortable.includes(field)) return badRequest(`The field ${field} cannot be sorted by.`);
  const sorted = rows.toSorted((one, other) => compare(String(one[field] ?? ''), String(other[field] ?? '')));
  return descending === '' ? sorted : sorted.toReversed();
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Unlike a form's, where `+` is a blank: here it stays a plus. */
function parametersOf(search: string): ReadonlyMap<string, string> {
  const pairs = search.replace(/^\?/, '').split('&');
  return new Map(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      return [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))];
    }),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function wholeNumber(text: string): number | null {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : null;
}
