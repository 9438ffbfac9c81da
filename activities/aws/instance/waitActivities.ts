import { Context } from '@temporalio/activity';
import { SETTLE_MS, type WaitActivities } from '../../../contract/activities.ts';
import { absentObservation, isBooting } from '../../../domain/machine/machine.ts';
import { ABSENCE_CONFIRMATION_MS } from '../../../domain/return/state.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { toObservation } from './instanceReader.ts';
import type { GroupService } from '../group/groupService.ts';
import type { InstanceReadCoalescer } from './instanceReadCoalescer.ts';
import { nextRead, nextReadBefore } from './awaitRead.ts';

/** Activities that only wait: they occupy a slot of the wait task queue and nothing else. */
export function createWaitActivities(coalescer: InstanceReadCoalescer, groups: GroupService): WaitActivities {
  return {
    awaitGroup: ({ reportSeconds, ...input }) =>
      withHeartbeat(() =>
        groups.awaitFull(input, {
          reportAt: Date.now() + reportSeconds * 1_000,
          returnBy: Number.POSITIVE_INFINITY,
        }),
      ),

    awaitReady: ({ machineIds, deadline, reportSeconds }) =>
      withHeartbeat(async () => {
        const reportAt = Date.now() + reportSeconds * 1_000;
        for (;;) {
          const observed = await nextReadBefore(coalescer, machineIds, deadline + SETTLE_MS);
          if (!observed) return { observations: [], isFinal: true };
          const observations = machineIds.map((id) => {
            const instance = observed.get(id);
            return instance ? toObservation(instance) : absentObservation(id);
          });
          const decided = observations.filter((observation) => !isBooting(observation));
          // The deadline counts only after a successful read: an outage alone fails no machine.
          const isFinal = Date.now() >= deadline;
          if (isFinal || decided.length === machineIds.length) return { observations, isFinal };
          if (decided.length > 0 && Date.now() >= reportAt) return { observations: decided, isFinal };
        }
      }),

    awaitTerminated({ machineIds, reportSeconds }) {
      const reportAt = Date.now() + reportSeconds * 1_000;
      const absentSince = parseAbsences(Context.current().info.heartbeatDetails);
      const wait = async () => {
        for (;;) {
          const observed = await nextRead(coalescer, machineIds);
          const now = Date.now();
          const results = machineIds.map((id) => {
            const instance = observed.get(id);
            if (instance) {
              absentSince.delete(id);
              // It is up long after the call: AWS did not know it then. The owner terminates it again.
              const isUp = instance.state !== 'terminated' && instance.state !== 'shutting-down';
              const isOver = instance.state === 'terminated' || (isUp && now >= reportAt);
              return isOver ? toObservation(instance) : undefined;
            }
            const since = absentSince.get(id) ?? now;
            absentSince.set(id, since);
            if (now - since < ABSENCE_CONFIRMATION_MS) return undefined;
            return {
              ...absentObservation(id),
              state: 'terminated' as const,
              reason: 'AWS no longer knows the machine.',
            };
          });
          const observations = results.filter((observation) => observation !== undefined);
          if (observations.length === machineIds.length) return observations;
          if (observations.length > 0 && now >= reportAt) return observations;
        }
      };
      return withHeartbeat(wait, () => [...absentSince]);
    },
  };
}

/** machineId -> epoch ms of the first read that did not show it, from the heartbeat of an earlier attempt. */
function parseAbsences(details: unknown): Map<string, number> {
  const entries: readonly unknown[] = Array.isArray(details) ? details : [];
  return new Map(entries.filter(isAbsence));
}

const isAbsence = (entry: unknown): entry is [machineId: string, since: number] =>
  Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
