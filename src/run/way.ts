import type { HttpSettings } from '../http/request.ts';
import type { Job } from '../job/job.ts';
import { readSecret } from '../job/secret.ts';

/** How the target is reached, with what the job's references refer to. */
export type Way = Pick<HttpSettings, 'proxy' | 'ca' | 'clientCertificate'>;

/** Reads proxy and certificates anew. A missing one is a Failure that names the variable or the file. */
export async function readWay(job: Job): Promise<Way> {
  const { proxy, ca, clientCertificate } = job.target.http;
  const read = (reference: string): Promise<string> => readSecret(reference, job.directory);
  return {
    proxy: proxy !== null && isReference(proxy) ? await read(proxy) : proxy,
    ca: ca === null ? null : await read(ca),
    clientCertificate:
      clientCertificate === null ? null : await readClientCertificate(clientCertificate, read),
  };
}

async function readClientCertificate(
  references: NonNullable<Job['target']['http']['clientCertificate']>,
  read: (reference: string) => Promise<string>,
): Promise<Way['clientCertificate']> {
  const { cert, key, passphrase } = references;
  return {
    cert: await read(cert),
    key: await read(key),
    passphrase: passphrase === null ? null : await read(passphrase),
  };
}

function isReference(proxy: string): boolean {
  return /^(env|file):/.test(proxy);
}
