// What the read model costs with many machines: npm run bench:storage
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore } from '../dist/activities/storage/openStore.js';
import { median } from './measure.mjs';

const MACHINES = 100_000;
const COMMIT = 500;
const RUNS = 5;

const machine = (index) => ({
  id: `i-${index.toString(16).padStart(17, '0')}`,
  at: 1_700_000_000_000 + index,
  provider: 'awsinst',
  requestId: `req-${index % 1_000}`,
  owner: `req-${index % 1_000}`,
  instanceType: 'm5.large',
  spot: false,
  units: 1,
  result: 'succeed',
  release: index % 10 === 0 ? 'gone' : 'kept',
  message: '',
  name: `ip-10-0-0-${index}.ec2.internal`,
  privateIp: '10.0.0.1',
  publicIp: '',
  launchTime: 1_700_000_000,
  reclaimed: false,
  endedAt: 0,
});

async function timed(name, work, runs = RUNS) {
  const times = [];
  for (let run = 0; run < runs; run++) {
    const began = performance.now();
    await work();
    times.push(performance.now() - began);
  }
  console.log(`  ${name.padEnd(44)} ${Math.round(median(times))} ms`);
}

for (const type of ['json', 'sqlite']) {
  const directory = mkdtempSync(path.join(tmpdir(), 'ohf-bench-'));
  const quiet = () => undefined;
  let store = await openStore({ type, directory }, quiet);
  console.log(`${type}, ${MACHINES} machines`);
  const writeAll = async () => {
    for (let from = 0; from < MACHINES; from += COMMIT) {
      await store.commit(
        Array.from({ length: COMMIT }, (_, at) => ({ table: 'machines', put: machine(from + at) })),
      );
    }
  };
  await timed(`write all, ${COMMIT} a commit`, writeAll, 1);
  await timed('list all', () => store.list('machines'));
  await timed('list the 10,000 that are gone', () => store.list('machines', { where: { release: 'gone' } }));
  await timed('list those of a request', () => store.list('machines', { where: { requestId: 'req-7' } }));
  await timed('the newest 50', () => store.list('machines', { newestFirst: true, limit: 50 }));
  await timed('write one', () => store.commit([{ table: 'machines', put: machine(7) }]));
  await store.close();
  const reopen = async () => {
    store = await openStore({ type, directory }, quiet);
    await store.close();
  };
  await timed('open', reopen);
  rmSync(directory, { recursive: true, force: true });
}
