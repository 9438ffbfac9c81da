import { setMaxListeners } from 'node:events';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import type { Answer } from './answers.ts';
import type { HostTable, Difference, Host } from './hostTable.ts';
import type { Caller, Manner, Outcome } from './calls.ts';
import type { Random } from '../random.ts';
import { createSlots } from './slots.ts';

/** IBM's HF_DEMAND_BATCH_LIMIT and HF_RETURN_BATCH_LIMIT. */
const BATCH = 100;
/** Scripts that run at once. */
const AT_ONCE = 8;

interface Surroundings {
  readonly caller: Caller;
  readonly hostTable: HostTable;
  readonly random: Random;
  /** What becomes of the next call. */
  readonly manner: (operation: HfOperation) => Manner;
  /** Whether to send this poll a second time, beside the first. */
  readonly twice: () => boolean;
  readonly differ: (difference: Difference) => void;
}

export interface HostFactory {
  /** One interval: starts all its calls and waits for none. */
  round(wanted: number): void;
  /** Stops: no running call gets an answer. It still has its host table when it starts again. */
  restart(): void;
  /** Machines asked for by calls under way. */
  inFlight(): number[];
  /** Resolves when no call is under way. */
  quiet(): Promise<void>;
  /** Requests and returns that are not over. */
  open(): string[];
}

export function createHostFactory(surroundings: Surroundings): HostFactory {
  const { caller, hostTable, random, manner, twice, differ } = surroundings;
  const asking = new Map<symbol, number>();
  const busy = new Set<string>();
  const slots = createSlots(AT_ONCE);
  const underWay = new Set<Promise<unknown>>();
  let template: { readonly templateId: string; readonly maxNumber: number } | undefined;
  let life = newLife();

  async function call<O extends HfOperation>(operation: O, input: unknown): Promise<Outcome<O>> {
    const { signal } = life;
    const work = slots.run(async (): Promise<Outcome<O>> => {
      if (signal.aborted) return { kind: 'refused', message: 'Host Factory restarted before it called.' };
      return caller.call(operation, input, manner(operation), signal);
    });
    underWay.add(work);
    const outcome = await work.finally(() => underWay.delete(work));
    if (outcome.kind === 'invalid') {
      differ({ kind: 'answer', subject: operation, text: `answered what it may not: ${outcome.why}` });
    }
    return outcome;
  }

  /** Does not start what is still under way from an earlier interval. */
  function once(what: string, work: () => Promise<void>): void {
    if (busy.has(what)) return;
    busy.add(what);
    void work().finally(() => busy.delete(what));
  }

  async function readTemplates(): Promise<void> {
    const outcome = await call('getAvailableTemplates', {});
    if (outcome.kind === 'answered') template = outcome.answer.templates[0] ?? template;
  }

  async function poll(ids: readonly string[]): Promise<void> {
    const sentAt = Date.now();
    const outcome = await call('getRequestStatus', { requests: ids.map((requestId) => ({ requestId })) });
    if (outcome.kind !== 'answered') return;
    const answered = outcome.answer.requests.map(({ requestId }) => requestId);
    if (answered.join(' ') !== ids.join(' ')) {
      const text = `was asked for ${ids.join(', ')} and answered ${answered.join(', ')}`;
      differ({ kind: 'answer', subject: 'getRequestStatus', text });
    }
    for (const row of outcome.answer.requests) {
      for (const difference of hostTable.statusRead(row, sentAt, Date.now())) differ(difference);
    }
  }

  async function request(templateId: string, machineCount: number): Promise<void> {
    const key = Symbol('requestMachines');
    asking.set(key, machineCount);
    const sentAt = Date.now();
    const outcome = await call('requestMachines', { template: { templateId, machineCount } });
    asking.delete(key);
    if (outcome.kind === 'answered') {
      const { requestId } = outcome.answer;
      for (const difference of hostTable.requestAnswered(requestId, machineCount, sentAt)) differ(difference);
    }
    if (outcome.kind === 'lost') hostTable.requestLost(machineCount);
  }

  async function giveBack(hosts: readonly Host[]): Promise<void> {
    const machineIds = hosts.map(({ machineId }) => machineId);
    const sentAt = Date.now();
    hostTable.returnSent(machineIds, sentAt);
    // The form with the name alone is IBM's older one.
    const machines = hosts.map(({ machineId, name }) =>
      random.chance(0.2) ? { name } : { name, machineId },
    );
    const outcome = await call('requestReturnMachines', { machines });
    if (outcome.kind === 'answered') hostTable.returnAnswered(outcome.answer.requestId, machineIds, sentAt);
    else hostTable.returnFailed(machineIds, Date.now());
  }

  async function readReclaims(): Promise<void> {
    const sentAt = Date.now();
    const known = [...hostTable.hosts.values()].filter(({ state }) => state !== 'released');
    const machines = known.map(({ name, machineId }) => ({ name, machineId }));
    const outcome = await call('getReturnRequests', { machines });
    if (outcome.kind === 'answered') takeNote(outcome.answer, known, sentAt);
  }

  function takeNote(answer: Answer<'getReturnRequests'>, known: readonly Host[], sentAt: number): void {
    const reported = new Set(answer.requests.map(({ machine }) => machine));
    for (const machine of reported) {
      const host = known.find(({ name }) => name === machine);
      if (host) hostTable.reclaimed(host.machineId, Date.now());
      else
        differ({ kind: 'reclaim', subject: machine, text: 'was reported, and Host Factory did not name it' });
    }
    for (const { machineId, name } of known) {
      const { state, reclaimedAt = sentAt } = hostTable.hosts.get(machineId) ?? {};
      if (state !== 'provisioned' || reclaimedAt >= sentAt || reported.has(name)) continue;
      differ({ kind: 'reclaim', subject: machineId, text: 'was reported as taken away and no longer is' });
    }
  }

  function open(): string[] {
    const running = [...hostTable.requests.values()].filter(({ endedAt }) => endedAt === undefined);
    const returning = [...hostTable.returns.values()].filter(({ endedAt }) => endedAt === undefined);
    return [...running.map(({ requestId }) => requestId), ...returning.map(({ returnId }) => returnId)];
  }

  function pollAll(): void {
    const ids = random.sample(open(), Number.POSITIVE_INFINITY);
    // IBM's own calls name one id each; the specification allows many.
    const groups = random.chance(0.2) ? [ids] : ids.map((id) => [id]);
    for (const group of groups.filter(({ length }) => length > 0)) {
      once(`status ${group.join(' ')}`, () => poll(group));
      if (twice()) void poll(group);
    }
  }

  function satisfy(wanted: number): void {
    const provisioned = [...hostTable.hosts.values()].filter(({ state }) => state === 'provisioned');
    const toGiveUp = provisioned.filter(
      ({ returnAgain, reclaimedAt }) => returnAgain || reclaimedAt !== undefined,
    );
    const good = provisioned.filter((host) => !toGiveUp.includes(host));
    const missing = wanted - good.length - pending();
    const surplus = random.sample(good, Math.max(0, good.length - wanted));
    for (const batch of parts([...toGiveUp, ...surplus])) void giveBack(batch);
    if (!template || missing <= 0) return;
    const allowed = template.maxNumber === -1 ? missing : template.maxNumber - provisioned.length - pending();
    for (const part of parts(Array.from({ length: Math.min(missing, allowed) }))) {
      void request(template.templateId, part.length);
    }
  }

  /** Machines that were asked for and have neither come nor failed for good. */
  function pending(): number {
    let count = 0;
    for (const asked of asking.values()) count += asked;
    for (const { count: asked, endedAt, row } of hostTable.requests.values()) {
      const come = row?.machines.filter(({ result }) => result === 'succeed').length ?? 0;
      if (endedAt === undefined) count += asked - come;
    }
    return count;
  }

  /** In up to three parts, which are sent at once, and none larger than Host Factory's limit. */
  function parts<T>(items: readonly T[]): T[][] {
    if (items.length === 0) return [];
    const size = Math.min(BATCH, Math.ceil(items.length / random.whole(1, 3)));
    return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
      items.slice(index * size, (index + 1) * size),
    );
  }

  return {
    round(wanted) {
      once('templates', readTemplates);
      once('reclaims', readReclaims);
      pollAll();
      satisfy(wanted);
    },
    restart() {
      life.abort();
      life = newLife();
    },
    inFlight: () => [...asking.values()],
    async quiet() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    open,
  };
}

/** Each script under way listens for its end. */
function newLife(): AbortController {
  const life = new AbortController();
  setMaxListeners(2 * AT_ONCE, life.signal);
  return life;
}
