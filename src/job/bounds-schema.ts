import { z } from 'zod';

const word = z.union([z.string().min(1), z.number(), z.boolean()]);
const wordOrWords = z.union([word, z.array(word).min(1)]);
const pattern = z.string().min(1);
const patterns = z.array(pattern).min(1);
const patternOrPatterns = z.union([pattern, patterns], {
  error: 'must be a pattern such as "svc-*", or a list',
});

/** A condition on a user of the target. */
export const ScopeFile = z
  .strictObject({
    attribute: z.string().min(1).describe("Attribute of the target's user; of several values one is enough."),
    is: wordOrWords.optional().describe('Words, compared without case: one of them.'),
    isNot: wordOrWords.optional().describe('Words, compared without case: none of them.'),
    like: patternOrPatterns.optional().describe('Patterns such as "*@example.com": one of them.'),
    empty: z.boolean().optional().describe('Whether the user has no value there.'),
  })
  .refine((entry) => Object.keys(entry).length > 1, 'needs `is`, `isNot`, `like` or `empty`');

/** Which users of the target the job manages. */
export const ManageFile = z.strictObject({
  scope: z
    .array(ScopeFile)
    .min(1)
    .describe(
      'Only users for whom all hold are ever changed; one whom a whole feed does not name is a leaver, linked or not.',
    ),
});

/** Users from whom nothing is ever taken. */
export const ProtectFile = z.strictObject({
  keys: z.array(word).min(1).optional().describe('Lasting ids, as the feed spells them.'),
  groups: patterns.optional().describe('Members of these groups: "Domain Admins", "EPM-ADM-*".'),
  roles: patterns.optional().describe('Whoever has one of these roles.'),
  like: z
    .record(z.string(), patternOrPatterns)
    .optional()
    .describe('Patterns by attribute of the target\'s user: { userName: "svc-*" }.'),
});
