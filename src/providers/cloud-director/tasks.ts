/** A task as far as it matters here. */
export interface Task {
  readonly state: 'working' | 'succeeded' | 'failed' | 'givenUp';
  /** URN of what the task is about; null when it does not say. */
  readonly ownerId: string | null;
  readonly code: string | null;
  readonly message: string | null;
}

/** Tasks are of the older interface, in XML (SDK types/v56, Task, 2026). */
export const taskRoot = '/api/task/';
export function taskAccept(version: string): string {
  return `application/*+xml;version=${version}`;
}

const states: Readonly<Record<string, Task['state']>> = {
  queued: 'working',
  prerunning: 'working',
  running: 'working',
  success: 'succeeded',
  error: 'failed',
  canceled: 'givenUp',
  aborted: 'givenUp',
};

/** Reads a task from XML, or from JSON of the same names, which newer servers may give; null when it is neither. */
export function parseTask(text: string): Task | null {
  return text.trimStart().startsWith('{') ? fromJson(text) : fromXml(text);
}

function fromXml(xml: string): Task | null {
  const task = elementOf(xml, 'Task');
  if (task === null) return null;
  const error = elementOf(xml, 'Error');
  return taskOf({
    status: attributeOf(task, 'status'),
    ownerId: attributeOf(elementOf(xml, 'Owner') ?? '', 'id'),
    code: attributeOf(error ?? '', 'minorErrorCode'),
    message: attributeOf(error ?? '', 'message'),
  });
}

function fromJson(text: string): Task | null {
  try {
    const task = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return taskOf({
      status: textIn(task, 'status'),
      ownerId: textIn(task.owner, 'id'),
      code: textIn(task.error, 'minorErrorCode'),
      message: textIn(task.error, 'message'),
    });
  } catch {
    return null;
  }
}

function taskOf(read: Omit<Task, 'state'> & { readonly status: string | null }): Task | null {
  const { status, ...rest } = read;
  const state = states[(status ?? '').toLowerCase()];
  return state === undefined ? null : { state, ...rest };
}

/** The start tag of the first element of this name. */
function elementOf(xml: string, name: string): string | null {
  return new RegExp(`<(?:\\w+:)?${name}(?=[\\s/>])[^>]*>`).exec(xml)?.[0] ?? null;
}

function attributeOf(tag: string, name: string): string | null {
  const [, value] = new RegExp(`\\s${name}\\s*=\\s*"([^"]*)"`).exec(tag) ?? [];
  return value === undefined ? null : unescaped(value);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => entities[name] ?? whole);
}

function textIn(value: unknown, name: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const found = (value as Readonly<Record<string, unknown>>)[name];
  return typeof found === 'string' ? found : null;
}
