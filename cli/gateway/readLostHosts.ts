import { isObject } from '../../config/input/jsonFile.ts';
import type { HostsAnswer, HostsQuery, LossMemo } from '../../domain/monitor/messages.ts';
import type { monitorStart } from '../../contract/monitorStart.ts';
import { QUERY, SIGNAL } from '../../contract/messages.ts';
import type { TemporalCalls } from './gateway.ts';

const NOT_READY: HostsAnswer = { v: 1, ready: false, going: [] };

/**
 * Which of these hosts the cloud takes away: from the monitor itself, else from what it last left with Temporal.
 * A monitor that does not run is started.
 * @throws UnavailableError
 */
export async function readGoing(
  calls: TemporalCalls,
  monitor: ReturnType<typeof monitorStart>,
  hosts: HostsQuery,
): Promise<HostsAnswer> {
  const { workflowId } = monitor;
  const answer = await calls.query(workflowId, QUERY.hosts, hosts);
  switch (answer.kind) {
    case 'view': {
      const view = answer.view as HostsAnswer;
      // What does not arrive is news again at the next call; the answer holds all the same.
      if (view.news) await calls.signal(workflowId, SIGNAL.hostsNamed, view.news).catch(() => undefined);
      return view;
    }
    case 'closed':
    case 'notFound':
      await calls.start({
        ...monitor,
        unlessRunning: true,
        attributes: { HfProvider: monitor.input.provider },
      });
      return NOT_READY;
    case 'noAnswer': {
      const memo = (await calls.describe(workflowId))?.memo;
      return isLossMemo(memo) ? fromMemo(memo, hosts) : NOT_READY;
    }
  }
}

const isLossMemo = (memo: unknown): memo is LossMemo => isObject(memo) && Array.isArray(memo['going']);

/** Only what is surely lost: nothing new can be said without a worker. */
function fromMemo({ going }: LossMemo, { ids }: HostsQuery): HostsAnswer {
  const lost = new Map(going);
  return {
    v: 1,
    ready: true,
    going: ids.flatMap((id, index): [number, number][] => {
      const at = lost.get(id);
      return at === undefined ? [] : [[index, at]];
    }),
  };
}
