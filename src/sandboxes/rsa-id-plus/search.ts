import { z } from 'zod';
import type { RequestFaults } from '../fault-book.ts';
import { appError } from './answers.ts';
import { shown } from './judge.ts';
import type { Domain } from './writes.ts';

const SearchBody = z.strictObject({ emailLike: z.string().min(1) });

const wholeNumber = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);

/** A page has 1 to 25 users, 25 by default, and pages count from 0 (User Search API Version 2 page, 2026). */
const Paging = z.object({
  pageSize: wholeNumber.refine((size) => size >= 1 && size <= 25).default(25),
  pageNumber: wholeNumber.default(0),
});

/** One page of the users whose address holds a text, by address. The envelope is the sandbox's own choice. */
export function search(
  { directory }: Domain,
  query: Readonly<Record<string, string>>,
  json: unknown,
  faults: RequestFaults,
): Response {
  const refused = faults.action.refuseBatch;
  if (refused !== undefined) return appError(refused.status ?? 400, refused.errormessage);
  const body = SearchBody.safeParse(json);
  if (!body.success) return appError(400, 'emailLike is required.');
  const paging = Paging.safeParse(query);
  if (!paging.success) return appError(400, 'pageSize is 1 to 25, pageNumber 0 or more.');
  const { pageSize, pageNumber } = paging.data;
  const found = directory.withEmailLike(body.data.emailLike);
  const start = pageNumber * pageSize;
  const users = found.slice(start, start + pageSize).map((user) => shown(user, directory));
  const totalPages = Math.ceil(found.length / pageSize);
  return Response.json({ users, page: { pageNumber, pageSize, totalPages, totalElements: found.length } });
}
