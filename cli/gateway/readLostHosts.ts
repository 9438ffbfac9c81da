import { isObject } from '../../domain/isObject.ts';
import type { LostHostsAnswer, LostHostsQuery, LostMachinesMemo } from '../../domain/monitor/messages.ts';
import type { LostHosts } from '../../domain/monitor/machineRepository.ts';
import type { TemporalClient } from './gateway.ts';
import { lostHostsQuery } from '../../contract/fleetMonitor.ts';

const NOT_READY: LostHostsAnswer = { v: 1, isReady: false, lost: [] };

/**
 * Reads which of these hosts are lost: from the monitor's answer, else from its memo.
 * @throws UnavailableError
 */
export async function readLostHosts(
  client: TemporalClient,
  workflowId: string,
  hosts: LostHostsQuery,
): Promise<LostHosts> {
  const answer = await client.query(workflowId, lostHostsQuery, hosts);
  switch (answer.kind) {
    case 'reply':
      return lostHostsQuery.parse(answer.reply);
    case 'closed':
    case 'notFound':
      return { ...NOT_READY, isMonitorMissing: true };
    case 'unanswered': {
      const memo = (await client.describe(workflowId))?.memo;
      return isLostMachinesMemo(memo) ? answerFromMemo(memo, hosts) : NOT_READY;
    }
  }
}

const isLostMachinesMemo = (memo: unknown): memo is LostMachinesMemo =>
  isObject(memo) && Array.isArray(memo['lost']);

/** The machines that the monitor last recorded as lost; without a worker, nothing newer is known. */
function answerFromMemo(memo: LostMachinesMemo, { ids }: LostHostsQuery): LostHostsAnswer {
  const lost = new Map(memo.lost);
  return {
    v: 1,
    isReady: true,
    lost: ids.flatMap((id, index): [number, number][] => {
      const at = lost.get(id);
      return at === undefined ? [] : [[index, at]];
    }),
  };
}
