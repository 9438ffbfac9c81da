import { fileURLToPath } from 'node:url';
import { readOptions } from '../scripts/lib/options.mjs';
import { printError, Problem } from '../scripts/lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, say } from '../scripts/setup.mjs';
import { median } from './measure.mjs';
import { openBench } from './scale/bench.mjs';
import { exponent } from './scale/fit.mjs';
import { isReady, startStack } from './stack.mjs';

const USAGE = `npm run bench:scale: what many and large requests cost beyond the time that their machines take to boot and to end.
Starts a whole stack of its own, and in turn a bare workflow of two activities on the same Temporal server.
Simulated AWS and Temporal use the same processors as the worker; their CPU time is told beside the worker's.`;

const WHOLE = {
  sizes: [1, 100, 300, 1_000, 3_000, 10_000],
  turns: 3,
  many: { requests: 200, machines: 50 },
  racing: { requests: 100, machines: 50, returns: 100 },
};
const SMALLEST = {
  sizes: [1, 2],
  turns: 1,
  many: { requests: 2, machines: 2 },
  racing: { requests: 2, machines: 2, returns: 2 },
};
const BOOT_SECONDS = 5;
const END_SECONDS = 5;
/** Seconds beyond the boot time, by the size of a request. */
const MOST_SECONDS = { 100: 1, 1_000: 3, 10_000: 10 };
const MOST_TIMES_BARE = 2;
const MOST_MB = 600;
/** Sizes up to this one are measured several times. */
const MOST_IN_TURNS = 1_000;
/** EC2 takes 50 CreateFleet at once and then 5 a second; 200 requests would measure that alone. */
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
      const plan = smallest ? SMALLEST : WHOLE;
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

/** One request after the other, each larger than the one before, given back in one call each. */
async function largeRequests(bench, sizes, most) {
  say(
    `\nOne request of N machines; s beyond the ${BOOT_SECONDS} s that each machine boots or ends. Up to ` +
      `${MOST_IN_TURNS} machines: the median of ${most} turns, for AWS is looked at once a second\n`,
  );
  header('N', 'request', 'return', ...COLUMNS);
  const beyond = [];
  for (const count of sizes) {
    const turns = [];
    while (turns.length < (count <= MOST_IN_TURNS ? most : 1)) turns.push(await life(bench, count));
    const [request, back] = ['request', 'back'].map((part) => median(turns.map((turn) => turn[part])));
    const { both, sizesOf } = turns.at(-1);
    beyond.push({ count, seconds: request });
    row(count, fixed(request), fixed(back), ...cells(both, sizesOf));
    if (count in MOST_SECONDS) hold(`${count} machines, s beyond boot`, request, MOST_SECONDS[count]);
    hold(`${count} machines, peak MB`, Math.max(...turns.map((turn) => turn.both.peakMb)), MOST_MB);
  }
  const large = beyond.filter(({ count }) => count >= 100);
  if (large.length < 2) return;
  const grown = exponent(large);
  say(`\nTime beyond boot grows with N to the power of ${fixed(grown)} (1: linear)`);
  hold('growth with N', grown, 1);
}

/** @returns s beyond the boot and the end of its machines, and what both came to */
async function life(bench, count) {
  const asked = await bench.measured(() => bench.request([count]));
  const [requestId] = asked.outcome.ids;
  const machines = await bench.machinesOf(requestId);
  if (machines.length !== count) throw new Problem(`${machines.length} of ${count} machines came.`);
  const given = await bench.measured(() => bench.giveBack([machines]));
  await bench.isOver();
  return {
    request: asked.seconds - BOOT_SECONDS,
    back: given.seconds - END_SECONDS,
    both: together(asked, given),
    sizesOf: await bench.historiesOf([...asked.outcome.ids, ...given.outcome.ids]),
  };
}

async function many(bench, { requests, machines }, turns) {
  say(`\n${requests} requests of ${machines} machines at once, in turn with ${requests} bare workflows\n`);
  header('turn', 'bare', 'CPU s of Temporal', 'requests, beyond boot', 'ratio', ...COLUMNS);
  const ratios = [];
  for (let turn = 1; turn <= turns; turn++) {
    const { seconds: bare, cpu: bareCpu } = await bench.measured(() => bench.bare(requests));
    const asked = await bench.measured(() => bench.request(Array(requests).fill(machines)));
    const beyond = asked.seconds - BOOT_SECONDS;
    ratios.push(beyond / bare);
    row(
      turn,
      fixed(bare),
      fixed(bareCpu.temporal),
      fixed(beyond),
      fixed(beyond / bare),
      ...cells(asked, await bench.historiesOf(asked.outcome.ids)),
    );
    hold(`${requests} requests, peak MB`, asked.peakMb, MOST_MB);
    const owned = await Promise.all(asked.outcome.ids.map((id) => bench.machinesOf(id)));
    await bench.giveBack(owned);
    await bench.isOver();
  }
  hold(`${requests} requests of ${machines}, times the bare workflows`, median(ratios), MOST_TIMES_BARE);
}

/** Each return names one machine of every second request, so that all of them meet at every owner. */
async function racing(bench, { requests, machines, returns }) {
  say(`\n${returns} returns at once, each of a machine of each of ${machines} of ${requests} requests\n`);
  header('s beyond the end of machines', ...COLUMNS);
  const { ids } = await bench.request(Array(requests).fill(machines));
  const lists = Array.from({ length: returns }, () => []);
  for (const [index, id] of ids.entries()) {
    const owned = await bench.machinesOf(id);
    for (const [place, machine] of owned.entries()) lists[(index + place) % returns].push(machine);
  }
  const given = await bench.measured(() => bench.giveBack(lists));
  await bench.isOver();
  row(
    fixed(given.seconds - END_SECONDS),
    ...cells(given, await bench.historiesOf([...ids, ...given.outcome.ids])),
  );
  hold(`${returns} returns, peak MB`, given.peakMb, MOST_MB);
}

const COLUMNS = [
  'calls to AWS',
  'CPU s of worker, Temporal, AWS',
  "worker's peak MB",
  'most history events',
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
const together = (a, b) => ({
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
function hold(what, value, most) {
  if (value > most) missed.push(`${what}: ${fixed(value)}, target ${most}`);
}

try {
  await main(
    readOptions(USAGE, {
      small: 'without the requests of more than 1,000 machines, and everything once',
      smallest: 'one or two of everything, to see that the benchmark runs',
      large: 'only the large requests',
      many: 'only many requests at once, in turn with bare workflows',
      racing: 'only the returns that race',
      limited: "hold to EC2's published request rates, as the worker does by itself",
    }),
  );
  say(missed.length === 0 ? '\nAll targets are met.' : `\nMissed:\n  ${missed.join('\n  ')}`);
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
