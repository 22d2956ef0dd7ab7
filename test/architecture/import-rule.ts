/** One file naming another, or a package, as it stands in the source. */
export interface Import {
  /** Path below `src`, with slashes: `feed/read-csv.ts`. */
  readonly from: string;
  /** Path below `src`, or the name of a package or of a module of Node (`zod`, `node:fs`). */
  readonly to: string;
}

/** Folders that make one thing of another; none of them knows its neighbours. */
export const stages: readonly string[] = [
  'feed',
  'match',
  'diff',
  'plan',
  'guard',
  'dispatch',
  'report',
  'job',
  'http',
  'ledger',
];

/** Values in, values out: they read no disk, no network and no clock. */
const pure: readonly string[] = ['domain', 'contracts', 'diff', 'guard', 'dispatch'];

/**
 * What each part may import besides itself. The command line stands at the top and may use anything below it, the
 * vendors excepted, which only their registry names.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  main: ['cli'],
  cli: ['run', ...stages, 'provider registry', 'sandboxes', 'contracts', 'domain'],
  run: [...stages, 'provider registry', 'sandboxes', 'contracts', 'domain'],
  ...Object.fromEntries(stages.map((stage) => [stage, ['contracts', 'domain']])),
  'provider registry': ['provider', 'contracts', 'domain'],
  provider: ['contracts', 'domain'],
  sandboxes: ['domain'],
  contracts: ['domain'],
  domain: [],
};

interface Place {
  /** The part of the program: a key of `allowed`. */
  readonly part: string;
  /** The vendor's folder, for what belongs to one vendor. */
  readonly vendor: string | null;
}

/** Where the rule is broken, one sentence for each import. */
export function brokenImports(imports: readonly Import[]): readonly string[] {
  return imports.flatMap((entry) => {
    const why = isFile(entry.to) ? whyNotFile(entry) : whyNotPackage(entry);
    return why === null ? [] : [`src/${entry.from} imports ${entry.to}: ${why}`];
  });
}

function whyNotFile({ from, to }: Import): string | null {
  const importer = placeOf(from);
  const imported = placeOf(to);
  if (allowed[importer.part] === undefined) return `the rule does not know ${importer.part}`;
  if (imported.vendor !== null && importer.vendor !== null && imported.vendor !== importer.vendor) {
    return 'vendors never import each other';
  }
  if (imported.part === 'sandboxes' && imported.vendor !== null && importer.vendor === null) {
    return from === 'sandboxes/registry.ts' ? null : 'only the registry names vendors';
  }
  if (importer.part === imported.part) return null;
  if (allowed[importer.part]?.includes(imported.part) === true) return null;
  if (imported.part === 'provider') return 'only the registry names vendors';
  if (stages.includes(importer.part) && stages.includes(imported.part)) return 'no stage imports another';
  return `${importer.part} may not import ${imported.part}`;
}

function whyNotPackage({ from, to }: Import): string | null {
  const { part } = placeOf(from);
  if (part === 'domain') return 'domain imports nothing outside domain';
  if (pure.includes(part) && to.startsWith('node:')) return `${part} reads no disk, network or clock`;
  return null;
}

function placeOf(file: string): Place {
  const [folder = '', next = '', ...deeper] = file.split('/');
  if (next === '') return { part: folder.replace(/\.ts$/, ''), vendor: null };
  const vendor = deeper.length > 0 ? next : null;
  if (folder === 'providers') return { part: vendor === null ? 'provider registry' : 'provider', vendor };
  if (folder === 'sandboxes') return { part: folder, vendor };
  return { part: folder, vendor: null };
}

function isFile(to: string): boolean {
  return to.endsWith('.ts');
}
