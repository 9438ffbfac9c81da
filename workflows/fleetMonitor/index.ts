import {
  condition,
  log,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { alarmsOf, reportOf } from '../../domain/monitor/alarms.ts';
import { toCarriedMonitorState, initialMonitorState } from '../../domain/monitor/continueAsNewState.ts';
import { answerLostHosts, requestMachines, lostMachinesMemo } from '../../domain/monitor/lostHosts.ts';
import type { LostMachinesMemo, MonitorInput } from '../../domain/monitor/messages.ts';
import { unpackObservations } from '../../domain/monitor/observation.ts';
import { reduceMonitor, type MonitorFact } from '../../domain/monitor/reducer.ts';
import { nextActionAt } from '../../domain/monitor/schedule.ts';
import type { MonitorState } from '../../domain/monitor/state.ts';
import { sweepStub } from '../runtime/activityStubs.ts';
import { monitorActions } from './actions.ts';
import { monitorDetails } from './details.ts';
import {
  forceAdoptionSignal,
  hostListUpdatedSignal,
  lostHostsQuery,
  machinesInterruptedSignal,
  reportQuery,
  requestMachinesQuery,
} from '../../contract/fleetMonitor.ts';

/** History events after which a run continues as new: a short run is quick to replay. */
const MAX_HISTORY_EVENTS = 2_000;

/**
 * Monitors the machines of one provider instance. It notices lost machines, orphans and machines that Host Factory's
 * list lacks, notifies their owners and answers getReturnRequests. A failed or incomplete read changes nothing, and the
 * monitor queries a machine's owner before it acts.
 */
export async function fleetMonitor(input: MonitorInput): Promise<void> {
  let state = initialMonitorState(input, workflowInfo().startTime.getTime());
  let isEnding = false;
  const actions = monitorActions(input);
  const apply = (fact: MonitorFact): void => {
    const before = state;
    state = reduceMonitor(state, fact, Date.now());
    setCurrentDetails(monitorDetails(state));
    const memo = memoOf(state);
    if (!isSame(memo, memoOf(before))) upsertMemo({ hf: memo });
    const alreadyRaised = new Set(alarmsOf(before).map(({ code }) => code));
    for (const { code, message } of alarmsOf(state))
      if (!alreadyRaised.has(code)) log.warn(message, { alarm: code });
  };
  setHandler(lostHostsQuery, (query) => answerLostHosts(state, query));
  setHandler(hostListUpdatedSignal, (update) => apply({ type: 'HostListUpdated', update }));
  setHandler(requestMachinesQuery, ({ requestId }) => requestMachines(state, requestId));
  setHandler(reportQuery, () => reportOf(state));
  setHandler(forceAdoptionSignal, ({ requestIds }) => apply({ type: 'AdoptionForced', requestIds }));
  setHandler(machinesInterruptedSignal, ({ observations }) =>
    apply({ type: 'MachinesInterrupted', observations: unpackObservations(observations) }),
  );

  async function sweepLoop(): Promise<void> {
    const { deployment, provider } = input;
    while (!hasLongHistory()) {
      const { snapshotId } = state;
      const result = await sweepStub('read the fleet').sweep({ deployment, provider, snapshotId });
      apply({ type: 'SweepCompleted', result });
    }
    isEnding = true;
  }

  async function actionLoop(): Promise<void> {
    for (;;) {
      const next = nextActionAt(state);
      const isDue = (): boolean => isEnding || (next ?? Number.POSITIVE_INFINITY) <= Date.now();
      const hasChanged = (): boolean => isDue() || nextActionAt(state) !== next;
      // There is a timer only while an action is planned: a quiet monitor adds no event.
      await (next === undefined || isDue()
        ? condition(hasChanged)
        : condition(hasChanged, next - Date.now()));
      if (isEnding) return;
      await Promise.all(actions.flatMap((run) => run(state, apply)));
    }
  }

  await Promise.all([sweepLoop(), actionLoop()]);
  const { typedSearchAttributes } = workflowInfo();
  const next = makeContinueAsNewFunc<typeof fleetMonitor>({
    memo: { hf: memoOf(state) },
    typedSearchAttributes,
  });
  await next({ ...input, carriedState: toCarriedMonitorState(state) });
}

/** The alarms are in the memo so that `ohf health` reads them without a worker. */
function memoOf(state: MonitorState): LostMachinesMemo {
  return lostMachinesMemo(
    state,
    alarmsOf(state).map(({ message }) => message),
  );
}

const isSame = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

function hasLongHistory(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > MAX_HISTORY_EVENTS;
}
