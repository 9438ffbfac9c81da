import { launchToken, MAX_BATCH, type Launch } from './launch.ts';
import { missingUnits, type RequestState } from './state.ts';

/**
 * The launches that fill what a request still lacks, in batches. After a launch that brought nothing there is one
 * smaller launch, to find out whether there is capacity again.
 * @param lastOrdinal the highest ordinal in use; the plan takes those after it
 * @param now epoch ms by the workflow's clock
 */
export function launchPlan(state: RequestState, lastOrdinal: number, now: number): Launch[] {
  const { deployment, requestId } = state.input;
  const missing = missingUnits(state);
  const lastLaunch = state.launches.findLast(({ units }) => units > 0);
  const isProbe = lastLaunch?.fulfilledUnits === 0;
  const maxUnits = isProbe ? Math.ceil(lastLaunch.units / 2) : MAX_BATCH;
  const count = isProbe ? 1 : Math.ceil(missing / MAX_BATCH);
  return Array.from({ length: count }, (_, index) => {
    const ordinal = lastOrdinal + 1 + index;
    return {
      ordinal,
      token: launchToken(deployment, requestId, ordinal),
      units: Math.min(maxUnits, missing - index * MAX_BATCH),
      decidedAt: now,
      stage: 'open',
      fulfilledUnits: 0,
    };
  });
}
