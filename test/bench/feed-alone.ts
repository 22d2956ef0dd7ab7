import { firstFeed } from '../../src/job/job.ts';
import { openFeed } from '../../src/feed/read-feed.ts';
import { readJob } from '../../src/job/read-job.ts';
import { providers } from '../../src/providers/registry.ts';

// Reads the feed of a job to its end and says how many people it holds.
const [jobFile] = process.argv.slice(2);
if (jobFile === undefined) throw new Error('Give a job file.');

const { job } = await readJob(jobFile, { providers });
const rules = job.target.provider.attributes;
const feed = await openFeed(firstFeed(job), { match: job.match, rules });
let people = 0;
for await (const batch of feed.batches) people += batch.people.length;
process.stdout.write(`${people}\n`);
