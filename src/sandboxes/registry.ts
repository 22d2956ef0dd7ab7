import { Failure } from '../domain/failure.ts';
import { cloudDirector } from './cloud-director/cloud-director.ts';
import { oracleEpm } from './oracle-epm/oracle-epm.ts';
import { rsaIdPlus } from './rsa-id-plus/rsa-id-plus.ts';
import type { Sandbox } from './sandbox.ts';
import { scim } from './scim/scim.ts';
import { vikingcloud } from './vikingcloud/vikingcloud.ts';

export const sandboxes: readonly Sandbox[] = [cloudDirector, oracleEpm, rsaIdPlus, scim, vikingcloud];

export function findSandbox(provider: string): Sandbox {
  const found = sandboxes.find((sandbox) => sandbox.id === provider);
  if (found === undefined) {
    throw new Failure({
      code: 'SANDBOX_UNKNOWN',
      message: `There is no sandbox for ${provider}.`,
      hint: `Sandboxes: ${sandboxes.map(({ id }) => id).join(', ')}.`,
      exit: 1,
    });
  }
  return found;
}
