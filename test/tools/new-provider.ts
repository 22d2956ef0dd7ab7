/*
 * `npm run provider:new NAME`: a provider of that name which works from the start, against a sandbox of its own, and
 * passes the conformance suite. What it talks to is an invented REST API: change it, file by file, into the vendor's.
 * The templates beside this file become the provider, its sandbox, an example job with its feed, and a first test;
 * the two registries get their line, README.md and ARCHITECTURE.md their rows.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Provider } from '../../src/contracts/provider.ts';
import { capabilityRow, limitsRow } from '../architecture/provider-rows.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const templates = fileURLToPath(new URL('./templates/', import.meta.url));
const lineWidthMax = 110;

/** The words that the templates leave open. */
interface Names {
  /** Such as `acme-people`. */
  readonly id: string;
  /** Such as `acmePeople`. */
  readonly camel: string;
  /** Such as `Acme People`. */
  readonly title: string;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { into: { type: 'string', default: project } },
  });
  const [id = '', ...more] = positionals;
  const root = path.resolve(values.into);
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || more.length > 0) {
    return refuse('Give one name in lower case, such as acme-people: npm run provider:new acme-people');
  }
  const names = namesOf(id);
  const files = filesFor(names);
  const existing = files.find(({ file }) => existsSync(path.join(root, file)));
  if (existing !== undefined) return refuse(`${existing.file} exists already. Nothing was written.`);
  for (const { file, text } of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
    process.stdout.write(`wrote    ${file}\n`);
  }
  register(root, names);
  await document(root, names);
  format(root, files);
  process.stdout.write(
    [
      '',
      'It works against its sandbox already. Next:',
      `  npx vitest run test/providers -t ${id}`,
      `  npm run rollcall -- apply jobs/${id}.yaml`,
      `Then make src/sandboxes/${id} what the vendor documents, and src/providers/${id} what meets it.`,
      '',
    ].join('\n'),
  );
}

function namesOf(id: string): Names {
  const words = id.split('-').map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`);
  const [first = '', ...rest] = words;
  return { id, camel: [first.toLowerCase(), ...rest].join(''), title: words.join(' ') };
}

function filesFor(names: Names): readonly { readonly file: string; readonly text: string }[] {
  return readdirSync(templates, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const template = path.join(entry.parentPath, entry.name);
      return {
        file: fill(path.relative(templates, template), names).replace(/\.template$/, ''),
        text: fill(readFileSync(template, 'utf8'), names),
      };
    });
}

function fill(text: string, { id, camel, title }: Names): string {
  return text.replaceAll('__id__', id).replaceAll('__camel__', camel).replaceAll('__title__', title);
}

function register(root: string, { id, camel }: Names): void {
  change(root, 'src/providers/registry.ts', (text) => {
    const imported = insertSorted(text, `import { ${camel} } from './${id}/index.ts';`, /^import .*'\.\//);
    return insertSorted(imported, `  [${camel}.id]: ${camel},`, /^ {2}\[\w+\.id\]: /);
  });
  change(root, 'src/sandboxes/registry.ts', (text) => {
    const imported = insertSorted(text, `import { ${camel} } from './${id}/${id}.ts';`, /^import .*'\.\//);
    return imported.replace(/(readonly Sandbox\[\] = )\[([^\]]*)\]/, (_, before: string, list: string) => {
      const known = list.split(',').map((name) => name.trim());
      const sorted = [...known.filter((name) => name !== ''), camel].sort();
      const line = `[${sorted.join(', ')}]`;
      const isShort = `export const sandboxes: ${before}${line};`.length <= lineWidthMax;
      return `${before}${isShort ? line : `[\n  ${sorted.join(',\n  ')},\n]`}`;
    });
  });
}

/** The rows are made of the provider's own definition, as the test of README.md makes them. */
async function document(root: string, names: Names): Promise<void> {
  const { id, camel, title } = names;
  const front = pathToFileURL(path.join(root, 'src/providers', id, 'index.ts')).href;
  const provider = ((await import(front)) as Readonly<Record<string, Provider>>)[camel];
  if (provider === undefined) throw new Error(`src/providers/${id}/index.ts has no ${camel}.`);
  change(root, 'README.md', (text) => {
    const capable = insertSorted(text, capabilityRow(provider), /^\| \[[\w-]+\]\(src\/providers\//);
    const limited = insertSorted(capable, limitsRow(provider), /^\| [\w-]+ \| `\w+`.* s \|$/);
    return insertSorted(
      limited,
      `- **${id}**: new, and made for an invented API so far.`,
      /^- \*\*[\w-]+\*\*: /,
    );
  });
  change(root, 'ARCHITECTURE.md', (text) => {
    const row = `| \`src/providers/${id}\` | ${title}: definition, config, limits with sources, requests, outcomes |`;
    const provided = insertSorted(text, row, /^\| `src\/providers\/[\w-]+` \|/);
    const sandbox = `| \`src/sandboxes/${id}\` | The sandbox of ${title} |`;
    return insertSorted(provided, sandbox, /^\| `src\/sandboxes\/[\w-]+` \|/);
  });
}

/** The text with one more line, at its place among the lines of its kind. */
function insertSorted(text: string, line: string, kind: RegExp): string {
  const lines = text.split('\n');
  const alike = [...lines.entries()].filter(([, one]) => kind.test(one));
  const next = alike.find(([, one]) => sortKey(one) > sortKey(line));
  const [last] = alike.at(-1) ?? [lines.length - 1];
  lines.splice(next?.[0] ?? last + 1, 0, line);
  return lines.join('\n');
}

/** Imports are sorted by where they import from, all else as it stands. */
function sortKey(line: string): string {
  return /from '(.*)'/.exec(line)?.[1] ?? line;
}

/** How a line breaks hangs on the length of the name. */
function format(root: string, files: readonly { readonly file: string }[]): void {
  const sources = files.map(({ file }) => file).filter((file) => file.endsWith('.ts'));
  const biome = path.join(project, 'node_modules/.bin/biome');
  const { status, stderr } = spawnSync(biome, ['format', '--write', ...sources], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The new files could not be formatted: ${stderr}`);
}

function change(root: string, file: string, edit: (text: string) => string): void {
  const whole = path.join(root, file);
  writeFileSync(whole, edit(readFileSync(whole, 'utf8')));
  process.stdout.write(`changed  ${file}\n`);
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

await main();
