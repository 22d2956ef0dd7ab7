import { resolve } from 'node:path';
import type { Provider } from '../contracts/provider.ts';
import { sound } from './check-shape.ts';
import { StateFile, type StateSettings } from './job.ts';
import type { Report } from './problem.ts';

/** Where the present users are read; undefined when the shape is wrong. */
export function resolveState(
  raw: unknown,
  context: { readonly directory: string; readonly provider: Provider | undefined; readonly report: Report },
): StateSettings | undefined {
  const file = sound(StateFile, raw ?? {});
  if (file === undefined) return undefined;
  const { provider, report } = context;
  if (file.from === 'file' && file.path === undefined) {
    report({
      path: ['state'],
      at: 'key',
      message: '`state.path` is missing',
      hint: 'Name the exported file.',
    });
  }
  if (file.from !== 'file' && file.path !== undefined) {
    report({ path: ['state', 'path'], at: 'key', message: '`state.path` is only for `from: file`' });
  }
  if (file.from === 'target' && provider !== undefined && !isReadable(provider)) {
    report({
      path: ['state', 'from'],
      message: `${provider.title} can neither list its users nor look them up`,
      hint: 'Say `state: { from: ledger }`, or give an exported file.',
    });
  }
  if (file.from !== 'file' && file.idColumn !== undefined) {
    report({ path: ['state', 'idColumn'], at: 'key', message: '`state.idColumn` is only for `from: file`' });
  }
  const path = file.path === undefined ? null : resolve(context.directory, file.path);
  return { from: file.from, path, idColumn: file.idColumn ?? null };
}

/** Without a list, everybody whom the feed or the ledger names is looked up. */
function isReadable({ supports }: Provider): boolean {
  return supports.listAll || supports.lookUp;
}
