import Table from 'cli-table3';

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [] },
    colAligns: head.map(() => 'right'),
  });
  table.push(...rows.map((row) => [...row]));
  print(table.toString());
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}

/** How much larger the first is than the second. */
export function ratio(one: number, other: number): string {
  return `${(one / other).toFixed(2)} ×`;
}
