/*
 * From a trace of system calls to the order of intents, syncs and sends. An intent is text in a write to the ledger's
 * write-ahead log, `[batch,attempt,"time",[seq,step,…]]`; it counts once that file was synced afterwards.
 */

export interface OrderFound {
  /** Steps in requests that write. */
  readonly sends: number;
  readonly intents: number;
  readonly syncs: number;
  /** Steps that were sent before the sync of their intent. */
  readonly early: readonly string[];
}

/** @param seqOf position of a person's change in the plan, by login */
export function judgeOrder(trace: string, seqOf: ReadonlyMap<string, number>): OrderFound {
  const judge = new Judge(seqOf);
  for (const line of trace.split('\n')) judge.read(line);
  return judge.found;
}

const call = /^(\d+)\s+(\w+)\((.*)$/s;
const resumed = /^(\d+)\s+<\.\.\. (\w+) resumed>(.*)$/s;
const intentText = /\[\d+,\d+,\\"[^"\\]+\\",\[([\d,]+)\]\]/g;
const writePath =
  /(?:PUT|POST) \S*\/(?:users\/add|users\/update|users\/remove|role\/assign|role\/unassign|groups\/\w+)\S* HTTP/;
const login = /ada\.moreau\d+@example\.com/g;

class Judge {
  readonly #seqOf: ReadonlyMap<string, number>;
  readonly #logs = new Set<string>();
  /** Calls that another thread interrupted in the trace: their file descriptors by thread. */
  readonly #unfinished = new Map<string, string>();
  readonly #written = new Set<string>();
  readonly #synced = new Set<string>();
  /** How often a person was sent already: steps of one person leave in their order. */
  readonly #sent = new Map<string, number>();
  readonly #early: string[] = [];
  #sends = 0;
  #syncs = 0;

  constructor(seqOf: ReadonlyMap<string, number>) {
    this.#seqOf = seqOf;
  }

  get found(): OrderFound {
    const intents = this.#synced.size;
    return { sends: this.#sends, intents, syncs: this.#syncs, early: this.#early };
  }

  read(line: string): void {
    const again = resumed.exec(line);
    if (again !== null) {
      const [, thread = '', name = '', rest = ''] = again;
      const descriptor = this.#unfinished.get(`${thread} ${name}`) ?? '';
      if (name === 'openat') this.#open(descriptor, rest);
      else if (name.endsWith('sync')) this.#sync(descriptor);
      return;
    }
    const [, thread = '', name = '', rest = ''] = call.exec(line) ?? [];
    const descriptor = /^\d+/.exec(rest)?.[0] ?? '';
    if (rest.includes('<unfinished ...>'))
      this.#unfinished.set(`${thread} ${name}`, name === 'openat' ? rest : descriptor);
    if (name === 'openat' && !rest.includes('<unfinished')) this.#open(rest, rest);
    else if (name === 'close') this.#logs.delete(descriptor);
    else if (name === 'pwrite64') this.#write(descriptor, rest);
    else if (name.endsWith('sync') && !rest.includes('<unfinished')) this.#sync(descriptor);
    else if (name.startsWith('write') || name.startsWith('send')) this.#send(rest);
  }

  #open(what: string, result: string): void {
    const descriptor = /= (\d+)\s*$/.exec(result)?.[1];
    if (descriptor !== undefined && what.includes('ledger.db-wal')) this.#logs.add(descriptor);
  }

  #write(descriptor: string, text: string): void {
    if (!this.#logs.has(descriptor)) return;
    for (const [, steps = ''] of text.matchAll(intentText)) {
      const numbers = steps.split(',');
      for (let at = 0; at + 1 < numbers.length; at += 2)
        this.#written.add(`${numbers[at]}:${numbers[at + 1]}`);
    }
  }

  #sync(descriptor: string): void {
    if (!this.#logs.has(descriptor)) return;
    this.#syncs += 1;
    for (const step of this.#written) this.#synced.add(step);
  }

  #send(text: string): void {
    if (!writePath.test(text)) return;
    for (const name of new Set(text.match(login) ?? [])) {
      const step = this.#sent.get(name) ?? 0;
      this.#sent.set(name, step + 1);
      this.#sends += 1;
      const intent = `${this.#seqOf.get(name)}:${step}`;
      if (!this.#synced.has(intent)) this.#early.push(`step ${intent} of ${name}`);
    }
  }
}
