import os from 'node:os';
import path from 'node:path';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readOptions } from '../scripts/lib/options.mjs';
import { printError } from '../scripts/lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, say } from '../scripts/setup.mjs';
import { requestMachines, script } from './hostFactory.mjs';
import { median, peakMemory, timeAlternately, timeConcurrently } from './measure.mjs';
import { startStack } from './stack.mjs';

const USAGE = `npm run bench:cli: compares each call of Host Factory with an empty process of the same Node.
Starts its own stack. Prints medians of 20 runs that alternate with the empty process; NODE_EXTRA_CA_CERTS is unset for both.
OHF_GATEWAY=sdk measures the other client. Only the ratios can be compared between machines.`;

const FULL = { runs: 20, concurrentCalls: 50, sizes: [1_000, 10_000] };
const SMALLEST = { runs: 1, concurrentCalls: 2, sizes: [10] };
/** Targets for the ratio of times. */
const TARGETS = {
  getAvailableTemplates: 1.6,
  getReturnRequests: 2.2,
  getRequestStatus: 2.2,
  requestMachines: 3,
  requestReturnMachines: 3,
};
const EMPTY = 'node -e 0';
/** Operations that cause work in worker and server, and the pause for that work before each run. */
const STARTERS = ['requestMachines', 'requestReturnMachines'];
const PAUSE_MS = 1_000;
/** The time in which the machines requested by the preceding runs boot. */
const SETTLE_MS = 5_000;

async function main({ small, smallest }) {
  await ensureDependencies(say);
  await ensureBuild(say);
  const { path: temporalCli } = await findTemporalServer(say);
  say('Starting Temporal, the simulated AWS and a worker');
  const plan = smallest ? SMALLEST : { ...FULL, ...(small ? { sizes: [] } : {}) };
  const templates = Object.fromEntries(plan.sizes.map((count) => [templateOf(count), {}]));
  const stack = await startStack(temporalCli, templates);
  try {
    const gateway = process.env.OHF_GATEWAY;
    const env = { ...stack.env, ...(gateway ? { OHF_GATEWAY: gateway } : {}) };
    await report({ ...stack, env }, plan);
  } finally {
    await stack.stop();
  }
}

async function report(stack, { runs, concurrentCalls, sizes }) {
  const { env, folder } = stack;
  const { requestId, machines } = await requestMachines(stack, 5);
  // Like Host Factory: with an input file.
  const scriptWith = (operation, input) => {
    const file = path.join(folder, `${operation}.json`);
    writeFileSync(file, JSON.stringify(input, null, '\t'));
    return [script(operation), '-f', file];
  };
  const hosts = machines.map(({ name, machineId }) => ({ name, machineId }));
  const commands = {
    [EMPTY]: [process.execPath, '-e', '0'],
    getAvailableTemplates: scriptWith('getAvailableTemplates', {}),
    getReturnRequests: scriptWith('getReturnRequests', { machines: hosts }),
    getRequestStatus: scriptWith('getRequestStatus', { requests: [{ requestId }] }),
    requestMachines: scriptWith('requestMachines', { template: { templateId: 'demo', machineCount: 1 } }),
    requestReturnMachines: scriptWith('requestReturnMachines', { machines: hosts.slice(0, 1) }),
  };
  const gateway = env.OHF_GATEWAY ? `, OHF_GATEWAY=${env.OHF_GATEWAY}` : '';
  say(`\nNode ${process.version}, ${os.availableParallelism()} cores, medians of ${runs}${gateway}\n`);
  const memory = peakMemory(commands, env, folder);
  await delay(SETTLE_MS);
  row('call', 'ms', 'empty process, ms', 'ratio', 'target', 'MB', 'ratio');
  row('---', '---:', '---:', '---:', '---:', '---:', '---:');
  let empty = 0;
  // One operation at a time: the work that a start causes keeps worker and server busy.
  for (const [name, command] of Object.entries(commands)) {
    if (name === EMPTY) continue;
    const pause = STARTERS.includes(name) ? PAUSE_MS : 0;
    const times = await timeAlternately({ [EMPTY]: commands[EMPTY], [name]: command }, env, runs, pause);
    const ms = median(times[name]);
    empty = median(times[EMPTY]);
    const [time, space] = [ms / empty, memory[name] / memory[EMPTY]];
    const numbers = [ms.toFixed(1), empty.toFixed(1), time.toFixed(2), TARGETS[name]];
    row(name, ...numbers, memory[name].toFixed(1), space.toFixed(2));
  }
  say('');
  await reportConcurrent(commands, env, concurrentCalls);
  for (const count of sizes) await reportLarge(stack, count, empty);
}

async function reportConcurrent(commands, env, count) {
  const baseline = await timeConcurrently(commands[EMPTY], env, count);
  const { ms, succeeded } = await timeConcurrently(commands.getRequestStatus, env, count);
  say(
    `${count} getRequestStatus at once: ${succeeded} answered, the last after ${ms.toFixed(0)} ms, ` +
      `${(ms / baseline.ms).toFixed(2)} times as long as ${count} empty processes (target 4)`,
  );
}

/** Each large request has its own template, because machines of other requests count against maxNumber. */
const templateOf = (count) => `large-${count}`;

async function reportLarge(stack, count, empty) {
  const { requestId } = await requestMachines(stack, count, templateOf(count));
  const name = `getRequestStatus of ${count} machines`;
  const command = { [name]: [script('getRequestStatus'), requestId] };
  const ms = median((await timeAlternately(command, stack.env, 5))[name]);
  const memory = peakMemory(command, stack.env, stack.folder)[name];
  say(
    `${name}: ${ms.toFixed(0)} ms, ${(ms / empty).toFixed(2)} times an empty process, ${memory.toFixed(0)} MB`,
  );
}

const row = (...cells) => say(`| ${cells.join(' | ')} |`);

try {
  await main(
    readOptions(USAGE, {
      small: 'without the requests of 1,000 and 10,000 machines',
      smallest: 'each measurement once and small, to check that the benchmark works',
    }),
  );
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
