import { isObject } from '../../config/input/jsonFile.ts';
import type { LostHostsAnswer, LostHostsQuery, LostMachinesMemo } from '../../domain/monitor/messages.ts';
import type { monitorStart } from '../../contract/monitorStart.ts';
import { QUERY, SIGNAL } from '../../contract/messages.ts';
import type { TemporalClient } from './gateway.ts';

const NOT_READY: LostHostsAnswer = { v: 1, isReady: false, lost: [] };

/**
 * Which of these hosts the cloud takes away: from the monitor itself, else from what it last left with Temporal.
 * A monitor that does not run is started.
 * @throws UnavailableError
 */
export async function readLostHosts(
  client: TemporalClient,
  monitor: ReturnType<typeof monitorStart>,
  hosts: LostHostsQuery,
): Promise<LostHostsAnswer> {
  const { workflowId } = monitor;
  const answer = await client.query(workflowId, QUERY.lostHosts, hosts);
  switch (answer.kind) {
    case 'view': {
      const view = answer.view as LostHostsAnswer;
      // What does not arrive is news again at the next call; the answer holds all the same.
      if (view.update)
        await client.signal(workflowId, SIGNAL.hostListUpdated, view.update).catch(() => undefined);
      return view;
    }
    case 'closed':
    case 'notFound':
      await client.start({
        ...monitor,
        startIfNotRunning: true,
        attributes: { HfProvider: monitor.input.provider },
      });
      return NOT_READY;
    case 'unanswered': {
      const memo = (await client.describe(workflowId))?.memo;
      return isLostMachinesMemo(memo) ? answerFromMemo(memo, hosts) : NOT_READY;
    }
  }
}

const isLostMachinesMemo = (memo: unknown): memo is LostMachinesMemo =>
  isObject(memo) && Array.isArray(memo['lost']);

/** Only what is surely lost: nothing new can be said without a worker. */
function answerFromMemo({ lost: going }: LostMachinesMemo, { ids }: LostHostsQuery): LostHostsAnswer {
  const lost = new Map(going);
  return {
    v: 1,
    isReady: true,
    lost: ids.flatMap((id, index): [number, number][] => {
      const at = lost.get(id);
      return at === undefined ? [] : [[index, at]];
    }),
  };
}
