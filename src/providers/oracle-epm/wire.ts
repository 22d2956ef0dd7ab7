import { z } from 'zod';

/** Numbers also come as numerals: "0", "-1", "8" (seen by a public client, 2026). */
const Integer = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^\s*-?\d{1,15}\s*$/)
    .transform(Number),
]);

const Text = z.string().nullish();

export const FailedItem = z.object({ userlogin: z.string(), errorcode: Text, errormessage: Text });
export type FailedItem = z.infer<typeof FailedItem>;

const Counts = z.object({
  processed: Integer,
  succeeded: Integer,
  failed: Integer,
  faileditems: z.array(FailedItem).nullish(),
});

/**
 * The answer to a synchronous v2 write (PREST Update Users v2, 2025). Details of another shape count as none,
 * an error of another shape as an error of which nothing is known.
 */
export const WriteAnswer = z.object({
  status: Integer,
  error: z.object({ errorcode: Text, errormessage: Text }).nullish().catch({}),
  details: Counts.nullish().catch(null),
});
export type WriteAnswer = z.infer<typeof WriteAnswer>;

/** What List Users says beside the users themselves. */
export const ListAnswer = z.object({
  status: Integer,
  error: z.object({ errorcode: Text, errormessage: Text }).nullish().catch({}),
});

/** "Yes" and "No" in one published fixture, a boolean in another, absent in a third (2026). */
const YesNo = z.union([z.boolean(), z.string()]).nullish();

const ListedRole = z.object({ rolename: z.string(), direct: YesNo, grantedthroughgroup: Text });
export type ListedRole = z.infer<typeof ListedRole>;
const ListedGroup = z.object({ groupname: z.string(), direct: YesNo });
export type ListedGroup = z.infer<typeof ListedGroup>;

/**
 * One element of the list's `details`. `applicationroles`, `granularroles` and `epmgroups` come since build 26.06
 * (PREST List Users v1, table 2-40); before, `memberof` held the groups and `roles` the granular roles only, of
 * which nothing can be concluded, so `roles` is not read.
 */
export const ListedUser = z.object({
  userlogin: z.string().min(1),
  firstname: Text,
  lastname: Text,
  email: Text,
  applicationroles: z.array(ListedRole).nullish(),
  granularroles: z.array(ListedRole).nullish(),
  epmgroups: z.array(ListedGroup).nullish(),
  memberof: z.union([z.array(ListedGroup), z.object({ groups: z.array(ListedGroup).nullish() })]).nullish(),
});
export type ListedUser = z.infer<typeof ListedUser>;
