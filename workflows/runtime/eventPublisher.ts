import {
  CancellationScope,
  condition,
  log,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { EventActivities } from '../../contract/eventActivities.ts';
import type { DomainEvent, EventType } from '../../domain/events/event.ts';
import { packEvents } from '../../domain/events/packed.ts';
import { diffEvents, requestCreated } from '../../domain/request/diffEvents.ts';
import { liveMachines, type RequestState } from '../../domain/request/state.ts';
import type { Template } from '../../domain/template/template.ts';
import type { CarriedEventState } from '../../domain/request/input.ts';

const MIN_RETRY_MS = 60_000;
const MAX_RETRY_MS = 60 * 60_000;
/** Events of one publish. */
const MAX_BATCH_EVENTS = 1_000;
/** Unpublished events that a run hands to the next one. */
const MAX_CARRIED_EVENTS = 500;
/** JSON of the events of one payload; Temporal's limit is 2 MB. */
const MAX_PAYLOAD_CHARACTERS = 500_000;

/** ms for which an event may wait for others. */
const MAX_DEFERRAL_MS = 2 * 60_000;

/**
 * Each publish adds six events to the history of the request, so these wait for the events that follow them: machines, a
 * shortage, an outcome.
 */
const DEFERRED_EVENTS: ReadonlySet<EventType> = new Set([
  'RequestCreated',
  'LaunchDecided',
  'ReturnRequested',
]);

/** Until a request or a return is decided these wait too: every launch and every machine causes one. */
const DEFERRED_WHILE_BUSY: ReadonlySet<EventType> = new Set([
  ...DEFERRED_EVENTS,
  'LaunchSettled',
  'MachineCreated',
  'MachineStatusChanged',
  'MachineTerminated',
]);

const { publishEvents } = proxyActivities<EventActivities>({
  startToCloseTimeout: '10s',
  // Retries only after a killed worker: the activity itself does not fail.
  retry: { maximumAttempts: 3 },
  summary: 'publish events',
});

/** Publishes the events of a request in order. The request waits for it only before it ends. */
export class EventPublisher {
  readonly #template: Template | undefined;
  #state: RequestState;
  #unpublished: DomainEvent[];
  #nextSequence: number;
  #isRetrying = false;
  #isFlushing = false;

  constructor(state: RequestState) {
    const carried = state.input.carriedState?.events;
    this.#state = state;
    this.#template = state.input.template;
    this.#unpublished = carried?.unpublished ? [...carried.unpublished] : [];
    this.#nextSequence = carried?.nextSequence ?? 1;
    if (this.#nextSequence === 1) this.#add(requestCreated(state));
    void CancellationScope.nonCancellable(() => this.#publishLoop());
  }

  record(before: RequestState, after: RequestState): void {
    this.#state = after;
    this.#add(diffEvents(before, after, Date.now(), this.#nextSequence));
  }

  get isPublished(): boolean {
    return this.#unpublished.length === 0;
  }

  /** Publishes what can be published now and leaves no activity behind; a cancel of the workflow does not stop it. */
  async flush(): Promise<void> {
    this.#isFlushing = true;
    await CancellationScope.nonCancellable(() => condition(() => this.isPublished || this.#isRetrying));
  }

  toCarriedEventState(): CarriedEventState {
    const carriedEvents = this.#oldestEvents(MAX_CARRIED_EVENTS);
    if (carriedEvents.length < this.#unpublished.length)
      log.error('events are lost: they could not be published, and a new run begins', {
        lost: this.#unpublished.length - carriedEvents.length,
      });
    return {
      nextSequence: this.#nextSequence,
      ...(carriedEvents.length === 0 ? {} : { unpublished: carriedEvents }),
    };
  }

  #add(events: readonly DomainEvent[]): void {
    for (const event of events) logEvent(event);
    this.#unpublished.push(...events);
    this.#nextSequence += events.length;
  }

  async #publishLoop(): Promise<never> {
    for (let retryMs = MIN_RETRY_MS; ;) {
      await condition(() => this.#shouldPublish());
      await flushMicrotasks();
      const events = this.#oldestEvents(MAX_BATCH_EVENTS);
      const isPublished = await publishEvents({
        runId: workflowInfo().runId,
        events: packEvents(events),
        ...(this.#template && events[0]?.type === 'RequestCreated' ? { template: this.#template } : {}),
      }).catch(() => false);
      if (isPublished) {
        this.#unpublished.splice(0, events.length);
        retryMs = MIN_RETRY_MS;
      } else {
        this.#isRetrying = true;
        await sleep(retryMs, { summary: 'publish events again' });
        this.#isRetrying = false;
        retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
      }
    }
  }

  /** Evaluated when the workflow does something, without a timer: these events are not urgent. */
  #shouldPublish(): boolean {
    const [oldest] = this.#unpublished;
    if (!oldest) return false;
    if (this.#isFlushing) return true;
    const { phase, openReturns } = this.#state;
    const isBusy = phase !== 'settled' || openReturns.size > 0;
    const isQuiet = !isBusy && liveMachines(this.#state).length === 0;
    if (isQuiet || Date.now() - oldest.at >= MAX_DEFERRAL_MS) return true;
    return this.#unpublished.some(({ type }) => !(isBusy ? DEFERRED_WHILE_BUSY : DEFERRED_EVENTS).has(type));
  }

  /** At most `maxEvents`, and no more than fit into a payload. */
  #oldestEvents(maxEvents: number): DomainEvent[] {
    let charactersLeft = MAX_PAYLOAD_CHARACTERS;
    const end = this.#unpublished.slice(0, maxEvents).findIndex((event, index) => {
      charactersLeft -= JSON.stringify(event).length;
      return charactersLeft < 0 && index > 0;
    });
    return this.#unpublished.slice(0, end < 0 ? maxEvents : end);
  }
}

/** Events of single machines may come in thousands. */
const LOG_LEVELS: Readonly<Partial<Record<EventType, 'debug' | 'warn'>>> = {
  MachineCreated: 'debug',
  MachineStatusChanged: 'debug',
  MachineTerminated: 'debug',
  MachineLost: 'warn',
  LaunchOverdue: 'warn',
  ShortageReported: 'warn',
};

/** Every line has these already. */
const OMITTED_FIELDS = new Set([
  'v',
  'id',
  'stream',
  'sequence',
  'at',
  'type',
  'deployment',
  'provider',
  'requestId',
]);

/** A line for each step of a request. */
function logEvent(event: DomainEvent): void {
  const entries = Object.entries(event).filter(([key]) => !OMITTED_FIELDS.has(key));
  const fields = entries.map(([key, value]: [string, unknown]) => [key === 'message' ? 'why' : key, value]);
  log[LOG_LEVELS[event.type] ?? 'info'](event.type, Object.fromEntries(fields));
}

/** Lets the events that one cause has in the same step be published together. */
async function flushMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}
