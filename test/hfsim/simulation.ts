import { setTimeout as delay } from 'node:timers/promises';
import { startStack, type Stack } from '../fixtures/stack/stack.ts';
import { createAwsMirror } from './comparison/awsMirror.ts';
import { createHostTable, type Difference } from './hostFactory/hostTable.ts';
import { createCaller } from './hostFactory/calls.ts';
import {
  ageing,
  ageOf,
  compare,
  unreadMachines,
  type Ages,
  type AwsMachine,
  type AwsView,
} from './comparison/compare.ts';
import { boundsFor } from './bounds.ts';
import { createFaults } from './faults.ts';
import { createHostFactory } from './hostFactory/hostFactory.ts';
import { timersAt, type Options } from './options.ts';
import { randomStream } from './random.ts';
import { callTable, explain, listOf, type Tally } from './report.ts';
import { randomWorkload } from './hostFactory/workload.ts';

export type Say = (line: string) => void;

/** How often the host table is compared with AWS, and how often a line reports it (ms). */
const COMPARE_EVERY_MS = 1_000;
const TELL_EVERY_MS = 5_000;

/** Looks at one worker that lives through the whole simulation. */
export interface Watch {
  /** @returns whether all that it looked at was well */
  end(say: Say): Promise<boolean>;
}

/** @returns whether host table and AWS were equal all along, all was returned, and the watch found nothing */
export async function simulate(
  options: Options,
  say: Say,
  stop: AbortSignal = new AbortController().signal,
  startWatch?: (stack: Stack) => Watch,
): Promise<boolean> {
  const { minutes, speed, seed, faults: probability } = options;
  say(`hfsim: ${minutes} minutes at speed ${speed}, faults ${probability * 100} %, seed ${seed}`);
  const stack = await startStack(timersAt(speed));
  let end: 'equal' | 'differs' = 'differs';
  try {
    const watch = startWatch?.(stack);
    end = await play(stack, options, say, stop, watch !== undefined);
    const isWell = (await watch?.end(say)) ?? true;
    return end === 'equal' && isWell;
  } finally {
    // A run that differs has something better to tell than whether it can be replayed.
    await stack.end().catch((error: unknown) => {
      if (end === 'equal') throw error;
    });
  }
}

async function play(
  stack: Stack,
  options: Options,
  say: Say,
  stop: AbortSignal,
  sparesWorker: boolean,
): Promise<'equal' | 'differs'> {
  const { minutes, speed, seed, hosts } = options;
  const timers = timersAt(speed);
  const bounds = boundsFor(timers, options.faults > 0);
  const hostTable = createHostTable();
  const mirror = createAwsMirror(stack.simulator);
  const differences: Difference[] = [];
  const caller = createCaller({ scripts: stack.scripts, env: stack.hfEnvironment, limitMs: timers.limitMs });
  const faults = createFaults(stack, seed, options.faults, () => hostFactory.restart(), sparesWorker);
  const hostFactory = createHostFactory({
    caller,
    hostTable,
    random: randomStream(seed, 'host factory'),
    manner: faults.manner,
    twice: faults.pollsTwice,
    differ: (difference) => differences.push(difference),
  });
  const workload = options.demand ?? randomWorkload(randomStream(seed, 'workload'), minutes, hosts);
  const tally: Tally = { comparisons: 0, equal: 0, longestMs: 0 };
  let ages: Ages = new Map();
  let aws: AwsView = { askedAt: Date.now(), machines: new Map(), peaks: new Map() };

  async function hold(): Promise<void> {
    const seen = mirror.log.length;
    aws = await mirror.look();
    const now = Date.now();
    await faults.awsCalled(mirror.log.slice(seen));
    const { broken, passing } = compare(hostTable, aws, hostFactory.inFlight());
    ages = ageing(ages, passing, now);
    tally.comparisons += 1;
    if (passing.length === 0) tally.equal += 1;
    for (const difference of passing) {
      const age = ageOf(ages, difference, now);
      tally.longestMs = Math.max(tally.longestMs, age);
      if (age > bounds.settle(difference.kind)) differences.push(difference);
    }
    differences.push(...broken, ...bounds.late(hostTable, now));
  }

  const living = (): AwsMachine[] => [...aws.machines.values()].filter(({ alive }) => alive);
  const began = Date.now();
  const minute = (): number => ((Date.now() - began) * speed) / 60_000;
  const demand = (): number => (minute() < minutes ? workload.wantedAt(minute()) : 0);
  const believed = () => [...hostTable.hosts.values()].filter(({ state }) => state !== 'released').length;

  function tell(): void {
    const state = ages.size === 0 ? 'host table equals AWS' : `${ages.size} on the way`;
    say(
      `  ${minute().toFixed(1).padStart(6)} min  wanted ${demand()}, open ${hostFactory.open().length}, ` +
        `believed in ${believed()}, alive ${living().length}, ${state}`,
    );
  }

  /** Plays rounds until `isOver`, the first difference, or the time is up. @returns whether it is over */
  async function rounds(wanted: () => number, isOver: () => boolean, withinMs: number): Promise<boolean> {
    const until = Date.now() + withinMs;
    let [nextRound, nextHold, nextLine] = [0, 0, 0];
    while (!isOver()) {
      stop.throwIfAborted();
      if (differences.length > 0 || Date.now() > until) return false;
      if (Date.now() >= nextRound) {
        nextRound = Date.now() + timers.intervalMs;
        if (!stack.isWorkerUp()) faults.superviseWorker();
        faults.interval(living().map(({ machineId }) => machineId));
        hostFactory.round(wanted());
      }
      if (Date.now() >= nextHold) {
        await hold();
        nextHold = Date.now() + COMPARE_EVERY_MS;
      }
      if (Date.now() >= nextLine) {
        tell();
        nextLine = Date.now() + TELL_EVERY_MS;
      }
      await delay(Math.min(50, timers.intervalMs / 5));
    }
    return true;
  }

  await rounds(demand, () => minute() >= minutes, Number.POSITIVE_INFINITY);
  if (differences.length === 0) {
    say('  demand is over: everything is given back');
    await faults.end();
    const isDone = () => hostFactory.open().length === 0 && believed() === 0 && leftOver().length === 0;
    const leftOver = () => {
      const unknowable = new Set(unreadMachines(hostTable, aws));
      return living().filter((machine) => !unknowable.has(machine));
    };
    const done = await rounds(() => 0, isDone, bounds.drainMs);
    await hostFactory.quiet();
    await hold();
    if (!done && differences.length === 0) {
      const text = `${hostFactory.open().join(', ')} open, ${believed()} hosts, ${leftOver().length} machines alive`;
      differences.push({ kind: 'late', subject: 'the end', text });
    }
  }
  await caller.allEnded(timers.limitMs);
  tell();

  say(`\n${callTable(caller.records)}`);
  say(`\nfaults\n${listOf(faults.fired)}`);
  say(
    `\nbooks: ${hostTable.requests.size} requests, ${hostTable.returns.size} returns, ${aws.machines.size} machines; ` +
      `${tally.comparisons} comparisons, ${tally.equal} of them equal at once, the others after ${(tally.longestMs / 1_000).toFixed(1)} s at most`,
  );
  const unknowable = unreadMachines(hostTable, aws);
  if (unknowable.length > 0)
    say(`${unknowable.length} machines run whose request Host Factory never heard of`);
  const [first] = differences;
  if (first) say(`\n${explain(first, hostTable, caller.records, mirror.log)}`);
  say(`\n${first ? 'HOST TABLE AND AWS DIFFER' : 'Host table and AWS are equal'}; seed ${seed}`);
  return first ? 'differs' : 'equal';
}
