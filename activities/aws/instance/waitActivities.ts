import { Context } from '@temporalio/activity';
import { SETTLE_MS, type WaitActivities } from '../../../contract/activities.ts';
import { absent, isBooting } from '../../../domain/machine/machine.ts';
import { ABSENCE_MS } from '../../../domain/return/state.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { toSighting } from './instances.ts';
import type { Groups } from '../group/groups.ts';
import type { InstanceWatcher } from './instanceWatcher.ts';
import { nextRead, readBefore } from './awaitRead.ts';

/** Activities that only wait. They hold a slot of the waiting lane and nothing else. */
export function createWaitActivities(watcher: InstanceWatcher, groups: Groups): WaitActivities {
  return {
    awaitGroup: ({ reportSeconds, ...input }) =>
      withHeartbeat(() =>
        groups.awaitFull(input, {
          reportAt: Date.now() + reportSeconds * 1_000,
          leaveAt: Number.POSITIVE_INFINITY,
        }),
      ),

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
          const seen = await nextRead(watcher, machineIds);
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
