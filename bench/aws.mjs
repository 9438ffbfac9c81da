import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from '../scripts/lib/options.mjs';
import { printError, Problem } from '../scripts/lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, say } from '../scripts/setup.mjs';
import { call, ended, returned, settled } from './hostFactory.mjs';
import { startStack } from './stack.mjs';

const USAGE = `npm run bench:aws: the calls to AWS in the life of a request (asked for, waited for, all given back), for every way to get machines.
Starts a whole stack of its own and counts by the log of the simulated AWS. Machines take a second to boot and two to end.`;

const WHOLE = { sizes: [1, 50, 1_000], requestsTogether: 50, waitSeconds: 30 };
const SMALLEST = { sizes: [1], requestsTogether: 2, waitSeconds: 2 };
const FLEET_ROLE = 'arn:aws:iam::000000000000:role/fleet';
const SPOT = { priceType: 'spot', vmType: undefined, vmTypes: { 't3.medium': 1 } };
const WAYS = {
  EC2Fleet: {},
  RunInstances: {},
  EC2FleetRequest: {},
  EC2FleetMaintain: {},
  SpotFleetRequest: { ...SPOT, fleetRole: FLEET_ROLE },
  SpotFleetMaintain: { ...SPOT, fleetRole: FLEET_ROLE },
  AutoScalingGroup: {},
};
/** By the issue that asked for it: a launch template, a launch, and batches of terminations. */
const mostChanges = (count) => 3 + count / 150;

async function main({ small, smallest }) {
  await ensureDependencies(say);
  await ensureBuild(say);
  const { path: temporalCli } = await findTemporalServer(say);
  say('Starting Temporal, the simulated AWS and a worker');
  const templates = Object.fromEntries(
    Object.entries(WAYS).map(([providerApi, own]) => [providerApi, { providerApi, ...own }]),
  );
  const stack = await startStack(temporalCli, templates);
  try {
    const plan = smallest ? SMALLEST : WHOLE;
    await lives(stack, small ? plan.sizes.slice(0, -1) : plan.sizes);
    await waiting(stack, plan);
  } finally {
    await stack.stop();
  }
}

async function lives(stack, sizes) {
  say('\nCalls that change something + reads, in the whole life of N machines\n');
  row('providerApi', ...sizes.map((count) => `N = ${count}`), 'calls that change something (largest N)');
  row('---', ...sizes.map(() => '---:'), '---');
  const most = sizes.map((count) => Math.floor(mostChanges(count)));
  for (const way of Object.keys(WAYS)) {
    const cells = [];
    let last = {};
    for (const count of sizes) {
      const before = await callsOf(stack);
      const { machines } = await settled(stack, count, way);
      await returned(stack, machines);
      const made = since(before, await callsOf(stack));
      last = changesIn(made);
      cells.push(`${sum(last)} + ${sum(made) - sum(last)}`);
    }
    const named = Object.entries(last).map(([action, calls]) => `${calls} ${action}`);
    row(way, ...cells, named.join(', '));
  }
  say(`\nTarget for EC2Fleet: at most 3 + N/150 calls that change something: ${most.join(', ')}`);
}

/** Reads while one request waits for its machines, and while `requestsTogether` do. */
async function waiting(stack, { requestsTogether, waitSeconds }) {
  await control(stack, 'PUT', 'settings', { pendingSeconds: waitSeconds * 2 });
  const reads = async (requests) => {
    const ids = Array.from(
      { length: requests },
      () => call('requestMachines', ['demo', '2'], stack.env).requestId,
    );
    await until(async () => (await control(stack, 'GET', 'summary')).live === requests * 2);
    const before = await callsOf(stack);
    await delay(waitSeconds * 1_000);
    const made = since(before, await callsOf(stack));
    await control(stack, 'PUT', 'settings', { pendingSeconds: 0 });
    for (const id of ids) await returned(stack, (await ended(stack, id)).machines);
    await control(stack, 'PUT', 'settings', { pendingSeconds: waitSeconds * 2 });
    return made.DescribeInstances ?? 0;
  };
  const [one, many] = [await reads(1), await reads(requestsTogether)];
  say(
    `\nDescribeInstances in ${waitSeconds} s of waiting: ${one} for one request, ${many} for ${requestsTogether}`,
  );
}

const READS = /^(Describe|Get|List)/;
const changesIn = (calls) =>
  Object.fromEntries(Object.entries(calls).filter(([action]) => !READS.test(action)));
const sum = (calls) => Object.values(calls).reduce((total, count) => total + count, 0);
const callsOf = async (stack) => (await control(stack, 'GET', 'summary')).calls;

function since(before, after) {
  const made = Object.entries(after).map(([action, calls]) => [action, calls - (before[action] ?? 0)]);
  return Object.fromEntries(made.filter(([, calls]) => calls > 0));
}

async function control({ endpoint }, method, name, body) {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${endpoint}/_simulator/${name}`, init);
  if (!response.ok) throw new Problem(`${method} ${name}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function until(isSo) {
  for (let tries = 0; tries < 600; tries++) {
    if (await isSo()) return;
    await delay(100);
  }
  throw new Problem('The machines of the waiting requests were not launched within a minute.');
}

const row = (...cells) => say(`| ${cells.join(' | ')} |`);

try {
  await main(
    readOptions(USAGE, {
      small: 'without the requests of 1,000 machines',
      smallest: 'one machine for each way, to see that the benchmark runs',
    }),
  );
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
