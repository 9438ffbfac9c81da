import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import type { MachineRow } from '../../hfsim/hostFactory/answers.ts';
import { randomStream } from '../../hfsim/random.ts';
import { hostsOf, onlyThese, requestsByTags, type Harness } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { SPOT_TEMPLATE, TEMPLATE } from '../plugin.ts';

async function oneRound(harness: Harness): Promise<void> {
  const { templates } = await harness.ok('getAvailableTemplates', {});
  assert.ok(templates.some(({ templateId }) => templateId === TEMPLATE));
  const machines = await harness.machines(5);
  assert.deepEqual(await harness.going(machines), []);
  for (const part of [machines.slice(0, 3), machines.slice(3)]) {
    const { status, message } = await harness.end(await harness.giveBack(part));
    assert.equal(status, 'complete', message);
  }
  assert.deepEqual(await harness.alive(), [], 'left alive');
}

const PLAYERS = 4;
/** One call in so many is killed. */
const KILL_CHANCE = 0.05;
/** ms for which there is no capacity, in the middle of it all. */
const OUTAGE_MS = 1_000;

/** Host Factory's belief of it all: hosts, and the requests and returns that still run. */
interface Belief {
  readonly hosts: Map<string, MachineRow>;
  readonly open: Set<string>;
  /** Requests whose id was read. */
  readonly known: Set<string>;
  /** Ids of returns: of two that name the same host, the second tells of one that is gone. */
  readonly returns: Set<string>;
}

/** Calls of all five operations at random, several at once, while calls to AWS fail, a zone fails and processes die. */
async function longLife(harness: Harness): Promise<void> {
  const { aws, soakSeconds } = harness.world;
  const until = Date.now() + soakSeconds * 1_000;
  await aws.addGate('*', 'errorBefore', null, { chance: 0.02, seed: 1, code: 'InternalError', status: 500 });
  await aws.addGate('*', 'dropAfter', null, { chance: 0.02, seed: 2 });
  const belief: Belief = { hosts: new Map(), open: new Set(), known: new Set(), returns: new Set() };
  const players = Array.from({ length: PLAYERS }, (_, index) => play(harness, belief, index, until));
  await allEnded([
    ...players,
    harness.world.killWorker().then(() => harness.world.startWorker()),
    outage(harness),
  ]);
  await aws.clearGates();
  for (const id of belief.open) believe(belief, await harness.end(id, 60_000));
  await takeInUnread(harness, belief);
  await onlyThese(harness, [...belief.hosts.keys()]);
  await harness.end(await harness.giveBack([...belief.hosts.values()]), 60_000);
  await onlyThese(harness);
}

/** Waits for all of them even if one fails: a worker that still starts would meet the one that `restore` starts. */
async function allEnded(activities: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(activities)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function outage({ world: { aws } }: Harness): Promise<void> {
  await aws.setPools([{ capacity: 0 }]);
  await delay(OUTAGE_MS);
  await aws.setPools([]);
}

/** A killed call may have made a request, whose machines nobody heard of: AWS's tags lead to it. */
async function takeInUnread(harness: Harness, belief: Belief): Promise<void> {
  for (const requestId of (await requestsByTags(harness)).keys()) {
    if (belief.known.has(requestId)) continue;
    belief.open.add(requestId);
    believe(belief, await harness.end(requestId, 60_000));
  }
}

function believe({ hosts, open, returns }: Belief, row: Awaited<ReturnType<Harness['status']>>): void {
  if (row.status === 'running') return;
  // Two calls may tell the same end.
  if (!open.delete(row.requestId)) return;
  for (const machine of row.machines.filter(({ result }) => result === 'succeed')) {
    if (returns.has(row.requestId)) hosts.delete(machine.machineId);
    else hosts.set(machine.machineId, machine);
  }
}

async function play(harness: Harness, belief: Belief, index: number, until: number): Promise<void> {
  const random = randomStream(index, 'player');
  const given = new Set<string>();
  const moves = [
    () => harness.ok('getAvailableTemplates', {}),
    async () => {
      const templateId = random.chance(0.5) ? TEMPLATE : SPOT_TEMPLATE;
      const template = { templateId, machineCount: random.whole(1, 3) };
      if (random.chance(KILL_CHANCE)) {
        await harness.call('requestMachines', { template }, { killAfterMs: random.whole(1, 500) });
        return;
      }
      const { requestId } = await harness.ok('requestMachines', { template });
      belief.open.add(requestId);
      belief.known.add(requestId);
    },
    async () => {
      const ids = [...belief.open].map((requestId) => ({ requestId }));
      const { requests } = await harness.ok('getRequestStatus', { requests: ids });
      for (const row of requests) believe(belief, row);
    },
    async () => {
      // Each player gives back hosts of its own choice, each once.
      const host = [...belief.hosts.values()].find(
        ({ machineId }, place) => place % PLAYERS === index && !given.has(machineId),
      );
      if (!host) return;
      if (random.chance(KILL_CHANCE)) {
        const killAfterMs = random.whole(1, 500);
        await harness.call('requestReturnMachines', { machines: hostsOf([host]) }, { killAfterMs });
      }
      // After a call without an answer Host Factory gives the host back again.
      given.add(host.machineId);
      const returnId = await harness.giveBack([host]);
      belief.returns.add(returnId);
      belief.open.add(returnId);
    },
    async () => assert.deepEqual(await harness.going([...belief.hosts.values()]), [], 'nobody took any away'),
  ];
  while (Date.now() < until) await random.pick(moves)?.();
}

export const whole = checksFrom(59, [
  ['after a round of templates, 5 machines, and returns of 3 and 2, nothing is alive', oneRound],
  [
    'random calls while AWS, a zone and processes fail get valid answers, and Host Factory and AWS have the same machines',
    longLife,
  ],
]);
