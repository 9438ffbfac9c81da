import {
  CancellationScope,
  condition,
  log,
  proxyLocalActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { EventActivities } from '../domain/events/activities.ts';
import type { DomainEvent, EventType } from '../domain/events/event.ts';
import { eventsBetween, requestCreated } from '../domain/events/requestEvents.ts';
import type { RequestState } from '../domain/request/state.ts';
import type { CarriedEvents } from '../domain/shared/messages.ts';
import type { Template } from '../domain/template/template.ts';

const FIRST_RETRY_MS = 60_000;
const LAST_RETRY_MS = 60 * 60_000;
/** Events told at once. */
const BATCH = 1_000;
/** What could not be told when a run ends is handed to the next one, up to so many. */
const MOST_CARRIED = 500;

/**
 * Each telling is an event in the history of the request, so these wait for what comes of them: machines, a
 * shortage, an answer; at the latest for the deadline of the request.
 */
const BEGINNINGS: ReadonlySet<EventType> = new Set(['RequestCreated', 'LaunchDecided', 'ReturnRequested']);

const { publishEvents } = proxyLocalActivities<EventActivities>({
  startToCloseTimeout: '5s',
  retry: { maximumAttempts: 1 },
});

/** Tells what happens to a request, in order, beside its work: the request never waits for it but to end. */
export class EventStream {
  readonly #template: Template | undefined;
  #untold: DomainEvent[];
  #nextSequence: number;
  #isStuck = false;

  constructor(state: RequestState) {
    const carried = state.input.carried?.events;
    this.#template = state.input.template;
    this.#untold = carried?.untold ? [...carried.untold] : [];
    this.#nextSequence = carried?.nextSequence ?? 1;
    if (this.#nextSequence === 1) this.#add(requestCreated(state));
    void CancellationScope.nonCancellable(() => this.#tell());
  }

  note(before: RequestState, after: RequestState): void {
    this.#add(eventsBetween(before, after, Date.now(), this.#nextSequence));
  }

  get isTold(): boolean {
    return this.#untold.length === 0;
  }

  /** All is told, or cannot be told now. */
  get isAtRest(): boolean {
    return this.isTold || this.#isStuck;
  }

  carry(): CarriedEvents {
    const kept = this.#untold.slice(0, MOST_CARRIED);
    if (kept.length < this.#untold.length)
      log.error('events are lost: they could not be published, and a new run begins', {
        lost: this.#untold.length - kept.length,
      });
    return { nextSequence: this.#nextSequence, ...(kept.length === 0 ? {} : { untold: kept }) };
  }

  #add(events: readonly DomainEvent[]): void {
    for (const event of events) logEvent(event);
    this.#untold.push(...events);
    this.#nextSequence += events.length;
  }

  async #tell(): Promise<never> {
    for (let retryMs = FIRST_RETRY_MS; ;) {
      await condition(() => this.#untold.some(({ type }) => !BEGINNINGS.has(type)));
      await whatFollowsAtOnce();
      const events = this.#untold.slice(0, BATCH);
      const told = await publishEvents({
        runId: workflowInfo().runId,
        events,
        ...(this.#template && events[0]?.type === 'RequestCreated' ? { template: this.#template } : {}),
      }).catch(() => false);
      await whatCameWithIt();
      if (told) {
        this.#untold.splice(0, events.length);
        retryMs = FIRST_RETRY_MS;
      } else {
        this.#isStuck = true;
        await sleep(retryMs, { summary: 'publish events again' });
        this.#isStuck = false;
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    }
  }
}

/** Those of single machines come by the thousand. */
const LEVELS: Readonly<Partial<Record<EventType, 'debug' | 'warn'>>> = {
  MachineCreated: 'debug',
  MachineStatusChanged: 'debug',
  MachineTerminated: 'debug',
  MachineReclaimed: 'warn',
  LaunchOverdue: 'warn',
  Shortage: 'warn',
};

/** Whose it is and when it was, each line has anyway. */
const KNOWN = new Set(['v', 'id', 'stream', 'sequence', 'at', 'type', 'deployment', 'provider', 'requestId']);

/** A line for each step of a request. */
function logEvent(event: DomainEvent): void {
  const what = Object.entries(event).filter(([key]) => !KNOWN.has(key));
  const fields = what.map(([key, value]: [string, unknown]) => [key === 'message' ? 'why' : key, value]);
  log[LEVELS[event.type] ?? 'info'](event.type, Object.fromEntries(fields));
}

/** What one cause sets off in the same step is told together. */
async function whatFollowsAtOnce(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

/**
 * The end of a telling counts after all that came with it. A workflow task that lasts long or has a query to answer
 * ends before a telling under way; what comes next is then worked on before the telling ends, but a replay has both
 * in one step (Temporal's SDK resolves a local activity with the task before its marker).
 */
async function whatCameWithIt(): Promise<void> {
  // Conditions are looked at once in a turn: more turns than any chain of them is long.
  for (let turn = 0; turn < 10; turn++) {
    let isNext = false;
    void Promise.resolve().then(() => (isNext = true));
    await condition(() => isNext);
  }
}
