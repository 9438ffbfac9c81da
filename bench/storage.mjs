import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readOptions } from '../scripts/lib/options.mjs';
import { printError } from '../scripts/lib/problem.mjs';
import { ensureBuild, ensureDependencies, say } from '../scripts/setup.mjs';
import { median } from './measure.mjs';

const USAGE = `npm run bench:storage: times queries of the read model with 100,000 machines, for each type of storage.`;

const MACHINES = 100_000;
const FEW_MACHINES = 1_000;
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
  release: index % 10 === 0 ? 'terminated' : 'held',
  message: '',
  name: `ip-10-0-0-${index}.ec2.internal`,
  privateIp: '10.0.0.1',
  publicIp: '',
  launchTime: 1_700_000_000,
  lost: false,
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

async function measure(openStore, type, machines) {
  const directory = mkdtempSync(path.join(tmpdir(), 'ohf-bench-'));
  const quiet = () => undefined;
  let store = await openStore({ type, directory }, quiet);
  console.log(`${type}, ${machines} machines`);
  const writeAll = async () => {
    for (let from = 0; from < machines; from += COMMIT) {
      await store.commit(
        Array.from({ length: COMMIT }, (_, at) => ({ table: 'machines', put: machine(from + at) })),
      );
    }
  };
  await timed(`write all, ${COMMIT} per commit`, writeAll, 1);
  await timed('list all', () => store.list('machines'));
  await timed(`list ${machines / 10} terminated ones`, () =>
    store.list('machines', { where: { release: 'terminated' } }),
  );
  await timed('list the machines of a request', () =>
    store.list('machines', { where: { requestId: 'req-7' } }),
  );
  await timed('list the newest 50', () => store.list('machines', { newestFirst: true, limit: 50 }));
  await timed('write one', () => store.commit([{ table: 'machines', put: machine(7) }]));
  await store.close();
  const reopen = async () => {
    store = await openStore({ type, directory }, quiet);
    await store.close();
  };
  await timed('open the store', reopen);
  rmSync(directory, { recursive: true, force: true });
}

async function main({ smallest }) {
  await ensureDependencies(say);
  await ensureBuild(say);
  const { openStore } = await import('../dist/activities/storage/openStore.js');
  for (const type of ['json', 'sqlite']) await measure(openStore, type, smallest ? FEW_MACHINES : MACHINES);
}

try {
  await main(readOptions(USAGE, { smallest: 'only 1,000 machines, to check that the benchmark works' }));
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
