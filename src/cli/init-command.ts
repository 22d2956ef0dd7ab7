import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../domain/failure.ts';
import { starterFeed, starterJob, starterPaths } from '../job/starter.ts';
import { close, commandName, print } from './output.ts';

/** Writes a commented job file and a sample feed below a folder; never over a file that is there. */
export async function initCommand(folder: string): Promise<number> {
  const files = [
    [starterPaths.job, starterJob],
    [starterPaths.feed, starterFeed],
  ] as const;
  for (const [name, text] of files) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    try {
      await writeFile(file, text, { flag: 'wx', mode: 0o600 });
    } catch (cause) {
      const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
      throw new Failure({
        code: 'INIT_REFUSED',
        message: exists ? `${file} is there already, and stays as it is.` : `${file} could not be written.`,
        hint: 'Name another folder: rollcall init FOLDER',
        exit: 1,
        cause,
      });
    }
    print(`wrote ${file}`);
  }
  close(`Nothing was sent anywhere. Next: ${commandName()} plan ${path.join(folder, starterPaths.job)}`);
  return 0;
}
