import { fileURLToPath } from 'node:url';
import { readOptions } from '../scripts/lib/options.mjs';
import { printError, Problem } from '../scripts/lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, say } from '../scripts/setup.mjs';
import { median } from './measure.mjs';
import { openBench } from './scale/bench.mjs';
import { exponent } from './scale/fit.mjs';
import { isReady, startStack } from './stack.mjs';

const USAGE = `npm run bench:scale: what many and large requests cost beyond the time that their machines take to boot and to terminate.
Starts its own stack, and for comparison a bare workflow of two activities on the same Temporal server.
Simulated AWS and Temporal use the same processors as the worker; their CPU time is shown beside the worker's.`;

const FULL = {
  sizes: [1, 100, 300, 1_000, 3_000, 10_000],
  turns: 3,
  many: { requests: 200, machines: 50 },
  racing: { requests: 100, machines: 50, returns: 100 },
};
const SMALLEST = {
  sizes: [1],
  turns: 1,
  many: { requests: 2, machines: 2 },
  racing: { requests: 2, machines: 2, returns: 2 },
};
const BOOT_SECONDS = 5;
const END_SECONDS = 5;
/** Target seconds beyond the boot time, by the size of a request. */
const MAX_SECONDS = { 100: 1, 1_000: 3, 10_000: 10 };
const MAX_RATIO_TO_BARE = 2;
const MAX_MB = 600;
/** Sizes up to this one are measured several times. */
const MAX_REPEATED_SIZE = 1_000;
/** EC2 allows 50 CreateFleet at once and then 5 a second; 200 requests would measure only that limit. */
const UNLIMITED = { requestShare: 100 };

async function main({ small, smallest, limited, ...parts }) {
  await ensureDependencies(say);
  await ensureBuild(say);
  const { path: temporalCli } = await findTemporalServer(say);
  say('Starting Temporal, the simulated AWS and a worker');
  const stack = await startStack(temporalCli, {}, limited ? {} : UNLIMITED);
  try {
    const bare = fileURLToPath(new URL('scale/bareWorker.mjs', import.meta.url));
    const bareWorker = stack.start(process.execPath, [bare, stack.address]);
    if (!(await isReady(bareWorker))) throw new Problem(bareWorker.output);
    const bench = await openBench(stack, { bootSeconds: BOOT_SECONDS, endSeconds: END_SECONDS });
    try {
      const all = !Object.values(parts).some(Boolean);
      const plan = smallest ? SMALLEST : FULL;
      if (all || parts.large)
        await largeRequests(bench, small ? plan.sizes.slice(0, -2) : plan.sizes, plan.turns);
      if (all || parts.many) await many(bench, plan.many, small ? 1 : plan.turns);
      if (all || parts.racing) await racing(bench, plan.racing);
    } finally {
      await bench.close();
    }
  } finally {
    await stack.stop();
  }
}

/** One request after the other, each larger than the one before and returned in one call. */
async function largeRequests(bench, sizes, turns) {
  say(
    `\nOne request of N machines; s beyond the ${BOOT_SECONDS} s in which a machine boots or terminates. Up to ` +
      `${MAX_REPEATED_SIZE} machines: the median of ${turns} turns, because AWS is read once a second\n`,
  );
  header('N', 'request', 'return', ...COLUMNS);
  const beyond = [];
  for (const count of sizes) {
    const results = [];
    while (results.length < (count <= MAX_REPEATED_SIZE ? turns : 1))
      results.push(await measureRoundTrip(bench, count));
    const [request, back] = ['requestSeconds', 'returnSeconds'].map((part) =>
      median(results.map((result) => result[part])),
    );
    const { both, histories } = results.at(-1);
    beyond.push({ count, seconds: request });
    row(count, fixed(request), fixed(back), ...cells(both, histories));
    if (count in MAX_SECONDS) check(`${count} machines, s beyond boot`, request, MAX_SECONDS[count]);
    check(`${count} machines, peak MB`, Math.max(...results.map((result) => result.both.peakMb)), MAX_MB);
  }
  const large = beyond.filter(({ count }) => count >= 100);
  if (large.length < 2) return;
  const growth = exponent(large);
  say(`\nTime beyond boot grows with N to the power of ${fixed(growth)} (1: linear)`);
  check('growth with N', growth, 1);
}

/** @returns s beyond the boot and the termination of the machines, and the cost of both together */
async function measureRoundTrip(bench, count) {
  const requested = await bench.measured(() => bench.request([count]));
  const [requestId] = requested.outcome.ids;
  const machines = await bench.machinesOf(requestId);
  if (machines.length !== count)
    throw new Problem(`${requestId} got ${machines.length} of ${count} machines.`);
  const returned = await bench.measured(() => bench.returnMachines([machines]));
  await bench.awaitIdle();
  return {
    requestSeconds: requested.seconds - BOOT_SECONDS,
    returnSeconds: returned.seconds - END_SECONDS,
    both: sumOf(requested, returned),
    histories: await bench.historiesOf([...requested.outcome.ids, ...returned.outcome.ids]),
  };
}

async function many(bench, { requests, machines }, turns) {
  say(
    `\n${requests} requests of ${machines} machines at once, alternating with ${requests} bare workflows\n`,
  );
  header('turn', 'bare', 'CPU s of Temporal', 'requests, beyond boot', 'ratio', ...COLUMNS);
  const ratios = [];
  for (let turn = 1; turn <= turns; turn++) {
    const { seconds: bare, cpu: bareCpu } = await bench.measured(() => bench.bare(requests));
    const requested = await bench.measured(() => bench.request(Array(requests).fill(machines)));
    const beyond = requested.seconds - BOOT_SECONDS;
    ratios.push(beyond / bare);
    row(
      turn,
      fixed(bare),
      fixed(bareCpu.temporal),
      fixed(beyond),
      fixed(beyond / bare),
      ...cells(requested, await bench.historiesOf(requested.outcome.ids)),
    );
    check(`${requests} requests, peak MB`, requested.peakMb, MAX_MB);
    const owned = await Promise.all(requested.outcome.ids.map((id) => bench.machinesOf(id)));
    await bench.returnMachines(owned);
    await bench.awaitIdle();
  }
  check(`${requests} requests of ${machines}, ratio to bare workflows`, median(ratios), MAX_RATIO_TO_BARE);
}

/** Spreads the machines of every request over all returns, so that returns race at every owner. */
async function racing(bench, { requests, machines, returns }) {
  say(`\n${returns} returns at once, each of a machine of each of ${machines} of ${requests} requests\n`);
  header('s beyond the termination of machines', ...COLUMNS);
  const { ids } = await bench.request(Array(requests).fill(machines));
  const lists = Array.from({ length: returns }, () => []);
  for (const [index, id] of ids.entries()) {
    const owned = await bench.machinesOf(id);
    for (const [position, machine] of owned.entries()) lists[(index + position) % returns].push(machine);
  }
  const returned = await bench.measured(() => bench.returnMachines(lists));
  await bench.awaitIdle();
  row(
    fixed(returned.seconds - END_SECONDS),
    ...cells(returned, await bench.historiesOf([...ids, ...returned.outcome.ids])),
  );
  check(`${returns} returns, peak MB`, returned.peakMb, MAX_MB);
}

const COLUMNS = [
  'calls to AWS',
  'CPU s of worker, Temporal, AWS',
  "worker's peak MB",
  'max history events',
  'KB of payloads',
  'largest KB',
];
const cells = ({ calls, cpu, peakMb }, { events, kilobytes, largestPayload }) => [
  calls,
  [cpu.worker, cpu.temporal, cpu.simulator].map(fixed).join(', '),
  Math.round(peakMb),
  events,
  Math.round(kilobytes),
  Math.round(largestPayload),
];
const sumOf = (a, b) => ({
  calls: a.calls + b.calls,
  cpu: Object.fromEntries(Object.keys(a.cpu).map((name) => [name, a.cpu[name] + b.cpu[name]])),
  peakMb: Math.max(a.peakMb, b.peakMb),
});

const fixed = (value) => value.toFixed(value < 10 ? 2 : 1);
const row = (...values) => say(`| ${values.join(' | ')} |`);
function header(...names) {
  row(...names);
  row(...names.map(() => '---:'));
}

const missed = [];
function check(what, value, target) {
  if (value > target) missed.push(`${what} ${fixed(value)} (target ${target})`);
}

try {
  await main(
    readOptions(USAGE, {
      small: 'without the requests of more than 1,000 machines, and everything once',
      smallest: 'one or two of everything, to check that the benchmark works',
      large: 'only the large requests',
      many: 'only many requests at once, alternating with bare workflows',
      racing: 'only the racing returns',
      limited: "keep to EC2's published request rates, as the worker does by default",
    }),
  );
  say(missed.length === 0 ? '\nAll targets are met.' : `\nTargets missed: ${missed.join('; ')}`);
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
