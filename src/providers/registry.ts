import type { Provider } from '../contracts/provider.ts';
import { cloudDirector } from './cloud-director/index.ts';
import { oracleEpm } from './oracle-epm/index.ts';
import { rsaIdPlus } from './rsa-id-plus/index.ts';
import { scim } from './scim/index.ts';
import { vikingcloud } from './vikingcloud/index.ts';

/** Every provider by its id; the only place that names vendors. */
export const providers: Readonly<Record<string, Provider>> = {
  [cloudDirector.id]: cloudDirector,
  [oracleEpm.id]: oracleEpm,
  [rsaIdPlus.id]: rsaIdPlus,
  [scim.id]: scim,
  [vikingcloud.id]: vikingcloud,
};
