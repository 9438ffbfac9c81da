import type { ActivityInterceptorsFactory } from '@temporalio/worker';

export type ActivityOutcome = 'completed' | 'failed' | 'cancelled';

/** Observes every attempt of an activity. `machines` is how many machines its input names. */
export interface ActivityObserver {
  readonly onStart: (activity: string, machines: number) => void;
  readonly onEnd: (activity: string, machines: number, outcome: ActivityOutcome, seconds: number) => void;
}

export const observeActivities =
  (observer: ActivityObserver): ActivityInterceptorsFactory =>
  ({ info, cancellationSignal }) => ({
    inbound: {
      async execute(input, next) {
        const { activityType: activity } = info;
        const machines = countMachines(input.args[0]);
        const startedAt = performance.now();
        const end = (outcome: ActivityOutcome): void =>
          observer.onEnd(activity, machines, outcome, (performance.now() - startedAt) / 1_000);
        observer.onStart(activity, machines);
        try {
          const result = await next(input);
          end('completed');
          return result;
        } catch (error) {
          end(cancellationSignal.aborted ? 'cancelled' : 'failed');
          throw error;
        }
      },
    },
  });

/** Activities list their machines in the field `machineIds` of their input. */
function countMachines(input: unknown): number {
  if (typeof input !== 'object' || input === null || !('machineIds' in input)) return 0;
  return Array.isArray(input.machineIds) ? input.machineIds.length : 0;
}
