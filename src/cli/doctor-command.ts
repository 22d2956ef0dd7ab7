import type { Job } from '../job/job.ts';
import { readJob } from '../job/read-job.ts';
import { providers } from '../providers/registry.ts';
import {
  examineLedgerDisk,
  examineNode,
  examineSecrets,
  examineTarget,
  type Finding,
} from '../run/doctor.ts';
import { close, commandName, print, printJson } from './output.ts';
import { openWorld } from './terminal.ts';
import { plural, printable } from './text.ts';

export interface DoctorFlags {
  readonly env?: string;
  readonly json?: boolean;
}

/** Whether a job can run here: exit 0, or 1 when something has to be mended first. */
export async function doctorCommand(jobFile: string | undefined, flags: DoctorFlags): Promise<number> {
  const findings: Finding[] = [examineNode()];
  if (jobFile !== undefined) {
    const environment = flags.env === undefined ? {} : { environment: flags.env };
    const { jobs, job } = await readJob(jobFile, { providers, ...environment });
    findings.push(examineLedgerDisk(job));
    for (const one of jobs) findings.push(...(await examineOne(one)));
  }
  const wrong = findings.filter(({ ok }) => !ok).length;
  if (flags.json === true) printJson({ ok: wrong === 0, findings });
  else {
    for (const { what, ok, detail } of findings) {
      print(`${ok ? 'ok   ' : 'wrong'}  ${what.padEnd(8)}${printable(detail)}`);
    }
  }
  close(
    wrong === 0
      ? `Nothing was written, and no credential was sent. All is well as far as can be seen from here. Next: ${commandName()} ${jobFile === undefined ? 'doctor JOB' : `plan ${jobFile}`}`
      : `Nothing was written, and no credential was sent. Next: mend the ${plural(wrong, 'thing')} above.`,
  );
  return wrong === 0 ? 0 : 1;
}

async function examineOne(job: Job): Promise<readonly Finding[]> {
  const world = openWorld({ logLevel: 'silent', quiet: true });
  try {
    return [...(await examineSecrets(job)), ...(await examineTarget(job, world))];
  } finally {
    world.close();
  }
}
