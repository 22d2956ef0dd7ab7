import type { FeedSettings } from './settings.ts';

/** The headers of the feed that the job speaks of, each once: a row's cells are theirs, in this order. */
export function usedHeaders(settings: FeedSettings): readonly string[] {
  const { columns, where, onePerson, action, employment, dates } = settings;
  const preferred = onePerson?.kind === 'prefer' ? onePerson.rules : [];
  const named = [
    ...columns.flatMap(({ from }) => from),
    ...[...where, ...preferred].map(({ column }) => column),
    action?.column,
    employment.start?.column,
    employment.end?.column,
    dates.timeZoneColumn,
  ];
  return [...new Set(named.filter((name) => typeof name === 'string'))];
}
