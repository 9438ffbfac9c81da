import { ApplicationFailure, Context } from '@temporalio/activity';
import { SETTLE_MS, type WaitActivities } from '../../domain/activities.ts';
import { isBooting } from '../../domain/machine/machine.ts';
import { ABSENCE_MS } from '../../domain/return/state.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { absent, toSighting } from './instances.ts';
import type { InstanceWatcher } from './instanceWatcher.ts';

/** After an outage over the whole time, AWS still gets this long for one read before anything is decided. */
const LAST_CHANCE_MS = 60_000;

/** Activities that only wait. They hold a slot of the waiting lane and nothing else. */
export function createWaitActivities(watcher: InstanceWatcher): WaitActivities {
  return {
    awaitMachines: ({ machineIds, deadline, reportSeconds }) =>
      withHeartbeat(async () => {
        const reportAt = Date.now() + reportSeconds * 1_000;
        for (;;) {
          const seen = await readBefore(watcher, machineIds, deadline + SETTLE_MS);
          if (!seen) return { sightings: [], final: true };
          const sightings = machineIds.map((id) => {
            const instance = seen.get(id);
            return instance ? toSighting(instance) : absent(id);
          });
          const decided = sightings.filter((sighting) => !isBooting(sighting));
          // The deadline is judged only after a read that came back: an outage alone fails no machine.
          const final = Date.now() >= deadline;
          if (final || decided.length === machineIds.length) return { sightings, final };
          if (decided.length > 0 && Date.now() >= reportAt) return { sightings: decided, final };
        }
      }),

    awaitGone({ machineIds, reportSeconds }) {
      const reportAt = Date.now() + reportSeconds * 1_000;
      const absentSince = new Map<string, number>(Context.current().info.heartbeatDetails ?? []);
      const wait = async () => {
        for (;;) {
          const seen = await next(watcher, machineIds);
          const now = Date.now();
          const gone = machineIds.map((id) => {
            const instance = seen.get(id);
            if (instance) {
              absentSince.delete(id);
              return instance.state === 'terminated' ? toSighting(instance) : undefined;
            }
            const since = absentSince.get(id) ?? now;
            absentSince.set(id, since);
            if (now - since < ABSENCE_MS) return undefined;
            return {
              ...absent(id),
              state: 'terminated' as const,
              reason: 'AWS no longer knows the machine.',
            };
          });
          const ended = gone.filter((sighting) => sighting !== undefined);
          if (ended.length === machineIds.length) return ended;
          if (ended.length > 0 && Date.now() >= reportAt) return ended;
        }
      };
      return withHeartbeat(wait, () => [...absentSince]);
    },
  };
}

/** The next read, or undefined when none comes back before `until` (epoch ms). */
async function readBefore(watcher: InstanceWatcher, machineIds: readonly string[], until: number) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), Math.max(until - Date.now(), LAST_CHANCE_MS));
  try {
    return await next(watcher, machineIds, giveUp.signal);
  } catch (error) {
    if (giveUp.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A worker that shuts down hands its waiting back: the failure makes Temporal retry it elsewhere at once. */
async function next(watcher: InstanceWatcher, machineIds: readonly string[], until?: AbortSignal) {
  const context = Context.current();
  const { cancellationSignal } = context;
  try {
    return await watcher.next(
      machineIds,
      until ? AbortSignal.any([cancellationSignal, until]) : cancellationSignal,
    );
  } catch (error) {
    if (context.cancellationDetails?.workerShutdown !== true) throw error;
    throw ApplicationFailure.create({
      type: 'HandedBack',
      message: 'The worker shuts down; another goes on waiting.',
      nextRetryDelay: '1s',
    });
  }
}
