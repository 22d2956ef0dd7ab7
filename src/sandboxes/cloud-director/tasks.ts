import { randomUUID } from 'node:crypto';
import { ownAddress } from './facts.ts';

interface Task {
  readonly ownerId: string;
  /** How often it was asked after. */
  checks: number;
}

/** Tasks of writes that were accepted: running at the first look, done at the second. */
export class Tasks {
  readonly #tasks = new Map<string, Task>();

  /** The answer to a write that became a task: an empty 202 that names it under the server's own address. */
  accepted(ownerId: string): Response {
    const id = randomUUID();
    this.#tasks.set(id, { ownerId, checks: 0 });
    return new Response(null, { status: 202, headers: { Location: `${ownAddress}/api/task/${id}` } });
  }

  /** XML of the older interface; null when there is no such task. */
  show(id: string): string | null {
    const task = this.#tasks.get(id);
    if (task === undefined) return null;
    task.checks += 1;
    const status = task.checks > 1 ? 'success' : 'running';
    return (
      '<?xml version="1.0" encoding="UTF-8"?>' +
      `<Task xmlns="http://www.vmware.com/vcloud/v1.5" status="${status}" operationName="userOperation" ` +
      `id="urn:vcloud:task:${id}" href="${ownAddress}/api/task/${id}" type="application/vnd.vmware.vcloud.task+xml">` +
      `<Owner href="" id="${task.ownerId}" name="" type="application/vnd.vmware.admin.user+xml"/></Task>`
    );
  }
}
