import { createRequire } from 'node:module';
import { z } from 'zod';

const manifest = z.object({ version: z.string() });

/** The program's version, from its package.json. */
export const toolVersion = manifest.parse(createRequire(import.meta.url)('../../package.json')).version;
