import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from '../scripts/lib/options.mjs';
import { printError, Problem } from '../scripts/lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, say } from '../scripts/setup.mjs';
import { awaitComplete, call, requestMachines, returnMachines } from './hostFactory.mjs';
import { startStack } from './stack.mjs';

const USAGE = `npm run bench:aws: counts the AWS calls of a request, from the request until all its machines are returned, for every launch method.
Starts its own stack and counts in the log of the simulated AWS. Machines take one second to boot and two to terminate.`;

const FLEET_ROLE = 'arn:aws:iam::000000000000:role/fleet';
const SPOT = { priceType: 'spot', vmType: undefined, vmTypes: { 't3.medium': 1 } };
const LAUNCH_METHODS = {
  EC2Fleet: {},
  RunInstances: {},
  EC2FleetRequest: {},
  EC2FleetMaintain: {},
  SpotFleetRequest: { ...SPOT, fleetRole: FLEET_ROLE },
  SpotFleetMaintain: { ...SPOT, fleetRole: FLEET_ROLE },
  AutoScalingGroup: {},
};
const FULL = {
  launchMethods: Object.keys(LAUNCH_METHODS),
  sizes: [1, 50, 1_000],
  concurrentRequests: 50,
  waitSeconds: 30,
};
const SMALLEST = {
  launchMethods: ['EC2Fleet', 'SpotFleetRequest', 'AutoScalingGroup'],
  sizes: [1],
  concurrentRequests: 2,
  waitSeconds: 1,
};
/** Target for EC2Fleet: a launch template, a launch, and batches of terminations. */
const maxChanges = (count) => 3 + count / 150;

async function main({ small, smallest }) {
  await ensureDependencies(say);
  await ensureBuild(say);
  const { path: temporalCli } = await findTemporalServer(say);
  say('Starting Temporal, the simulated AWS and a worker');
  const templates = Object.fromEntries(
    Object.entries(LAUNCH_METHODS).map(([providerApi, own]) => [providerApi, { providerApi, ...own }]),
  );
  const stack = await startStack(temporalCli, templates);
  try {
    const plan = smallest ? SMALLEST : FULL;
    await countCalls(stack, plan.launchMethods, small ? plan.sizes.slice(0, -1) : plan.sizes);
    await countReadsWhileWaiting(stack, plan);
  } finally {
    await stack.stop();
  }
}

async function countCalls(stack, launchMethods, sizes) {
  say('\nChanges + reads for a request of N machines and their return\n');
  row('providerApi', ...sizes.map((count) => `N = ${count}`), 'changes (largest N)');
  row('---', ...sizes.map(() => '---:'), '---');
  for (const launchMethod of launchMethods) {
    const cells = [];
    let last = {};
    for (const count of sizes) {
      const before = await callsOf(stack);
      const { machines } = await requestMachines(stack, count, launchMethod);
      await returnMachines(stack, machines);
      const made = since(before, await callsOf(stack));
      last = changesIn(made);
      cells.push(`${sum(last)} + ${sum(made) - sum(last)}`);
    }
    const named = Object.entries(last).map(([action, calls]) => `${calls} ${action}`);
    row(launchMethod, ...cells, named.join(', '));
  }
  const targets = sizes.map((count) => Math.floor(maxChanges(count)));
  say(`\nTarget for EC2Fleet: at most 3 + N/150 changes: ${targets.join(', ')}`);
}

/** Reads while one request waits for its machines, and while `concurrentRequests` do. */
async function countReadsWhileWaiting(stack, { concurrentRequests, waitSeconds }) {
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
    for (const id of ids) await returnMachines(stack, (await awaitComplete(stack, id)).machines);
    await control(stack, 'PUT', 'settings', { pendingSeconds: waitSeconds * 2 });
    return made.DescribeInstances ?? 0;
  };
  const [one, many] = [await reads(1), await reads(concurrentRequests)];
  say(
    `\nDescribeInstances in ${waitSeconds} s of waiting: ${one} for one request, ${many} for ${concurrentRequests}`,
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

async function until(condition) {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await condition()) return;
    await delay(100);
  }
  throw new Problem('The machines of the waiting requests were not launched within a minute.');
}

const row = (...cells) => say(`| ${cells.join(' | ')} |`);

try {
  await main(
    readOptions(USAGE, {
      small: 'without the requests of 1,000 machines',
      smallest: 'one machine for some launch methods, to check that the benchmark works',
    }),
  );
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
