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
import { eventsBetween, requestCreated } from '../../domain/events/diffEvents.ts';
import { alive, type RequestState } from '../../domain/request/state.ts';
import type { Template } from '../../domain/template/template.ts';
import type { CarriedEvents } from '../../domain/request/input.ts';

const FIRST_RETRY_MS = 60_000;
const LAST_RETRY_MS = 60 * 60_000;
/** Events told at once. */
const BATCH = 1_000;
/** What could not be told when a run ends is handed to the next one, up to so many. */
const MOST_CARRIED = 500;
/** JSON of events that go into one payload, of which Temporal takes 2 MB. */
const MOST_CHARACTERS = 500_000;

/** ms after which nothing waits any more for what may come of it. */
const LONG_MS = 2 * 60_000;

/**
 * Each telling takes six events in the history of the request, so these wait for what comes of them: machines, a
 * shortage, an answer.
 */
const BEGINNINGS: ReadonlySet<EventType> = new Set(['RequestCreated', 'LaunchDecided', 'ReturnRequested']);

/** Until a request, or a return, is answered these wait too: they come with each launch and each machine. */
const ON_THE_WAY: ReadonlySet<EventType> = new Set([
  ...BEGINNINGS,
  'LaunchSettled',
  'MachineCreated',
  'MachineStatusChanged',
  'MachineTerminated',
]);

const { publishEvents } = proxyActivities<EventActivities>({
  startToCloseTimeout: '10s',
  // Again only for a worker that is killed meanwhile: the activity itself does not fail.
  retry: { maximumAttempts: 3 },
  summary: 'publish events',
});

/** Tells what happens to a request, in order, beside its work: the request never waits for it but to end. */
export class EventStream {
  readonly #template: Template | undefined;
  #state: RequestState;
  #untold: DomainEvent[];
  #nextSequence: number;
  #isStuck = false;
  #isEnding = false;

  constructor(state: RequestState) {
    const carried = state.input.carried?.events;
    this.#state = state;
    this.#template = state.input.template;
    this.#untold = carried?.untold ? [...carried.untold] : [];
    this.#nextSequence = carried?.nextSequence ?? 1;
    if (this.#nextSequence === 1) this.#add(requestCreated(state));
    void CancellationScope.nonCancellable(() => this.#tell());
  }

  note(before: RequestState, after: RequestState): void {
    this.#state = after;
    this.#add(eventsBetween(before, after, Date.now(), this.#nextSequence));
  }

  get isTold(): boolean {
    return this.#untold.length === 0;
  }

  /** Tells all that can be told now, and leaves no activity behind; a cancel of the workflow does not cut it short. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await CancellationScope.nonCancellable(() => condition(() => this.isTold || this.#isStuck));
  }

  carry(): CarriedEvents {
    const kept = this.#oldest(MOST_CARRIED);
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
      await condition(() => this.#isTime());
      await whatFollowsAtOnce();
      const events = this.#oldest(BATCH);
      const told = await publishEvents({
        runId: workflowInfo().runId,
        events: packEvents(events),
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

  /** Asked whenever something comes to the request, not by a timer: nobody needs these to the second. */
  #isTime(): boolean {
    const [oldest] = this.#untold;
    if (!oldest) return false;
    if (this.#isEnding) return true;
    const { phase, returns } = this.#state;
    const isBusy = phase !== 'settled' || returns.size > 0;
    const nothingFollows = !isBusy && alive(this.#state).length === 0;
    if (nothingFollows || Date.now() - oldest.at >= LONG_MS) return true;
    return this.#untold.some(({ type }) => !(isBusy ? ON_THE_WAY : BEGINNINGS).has(type));
  }

  /** At most so many, and no more than a payload takes. */
  #oldest(most: number): DomainEvent[] {
    let room = MOST_CHARACTERS;
    const upTo = this.#untold.slice(0, most).findIndex((event, index) => {
      room -= JSON.stringify(event).length;
      return room < 0 && index > 0;
    });
    return this.#untold.slice(0, upTo < 0 ? most : upTo);
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
