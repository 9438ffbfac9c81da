import {
  CancellationScope,
  condition,
  log,
  patched,
  proxyActivities,
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

/** Until a request is answered these wait too: they come with each launch and each machine. */
const ON_THE_WAY: ReadonlySet<EventType> = new Set([
  ...BEGINNINGS,
  'LaunchSettled',
  'MachineCreated',
  'MachineStatusChanged',
]);

const ONCE = { maximumAttempts: 1 } as const;
const { publishEvents } = proxyActivities<EventActivities>({
  startToCloseTimeout: '10s',
  retry: ONCE,
  summary: 'publish events',
});

/**
 * For runs of before. A workflow task with a query to answer may report the end of a local activity before the workflow
 * hears of it; a replay then brings it a task too early, and the run is stuck.
 */
const local = proxyLocalActivities<EventActivities>({ startToCloseTimeout: '5s', retry: ONCE });

/** Tells what happens to a request, in order, beside its work: the request never waits for it but to end. */
export class EventStream {
  readonly #template: Template | undefined;
  #untold: DomainEvent[];
  #nextSequence: number;
  #isStuck = false;
  #waiting: ReadonlySet<EventType>;
  readonly #byActivity: boolean;

  constructor(state: RequestState) {
    const carried = state.input.carried?.events;
    this.#byActivity = carried?.byActivity === true || patched('events-by-activity');
    this.#waiting = this.#waitingIn(state);
    this.#template = state.input.template;
    this.#untold = carried?.untold ? [...carried.untold] : [];
    this.#nextSequence = carried?.nextSequence ?? 1;
    if (this.#nextSequence === 1) this.#add(requestCreated(state));
    void CancellationScope.nonCancellable(() => this.#tell());
  }

  note(before: RequestState, after: RequestState): void {
    this.#waiting = this.#waitingIn(after);
    this.#add(eventsBetween(before, after, Date.now(), this.#nextSequence));
  }

  #waitingIn({ phase }: RequestState): ReadonlySet<EventType> {
    return this.#byActivity && phase !== 'settled' ? ON_THE_WAY : BEGINNINGS;
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
    return {
      nextSequence: this.#nextSequence,
      ...(kept.length === 0 ? {} : { untold: kept }),
      ...(this.#byActivity ? { byActivity: true } : {}),
    };
  }

  #add(events: readonly DomainEvent[]): void {
    for (const event of events) logEvent(event);
    this.#untold.push(...events);
    this.#nextSequence += events.length;
  }

  async #tell(): Promise<never> {
    for (let retryMs = FIRST_RETRY_MS; ;) {
      await condition(() => this.#untold.some(({ type }) => !this.#waiting.has(type)));
      await whatFollowsAtOnce();
      const events = this.#untold.slice(0, BATCH);
      const publish = this.#byActivity ? publishEvents : local.publishEvents;
      const told = await publish({
        runId: workflowInfo().runId,
        events,
        ...(this.#template && events[0]?.type === 'RequestCreated' ? { template: this.#template } : {}),
      }).catch(() => false);
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
