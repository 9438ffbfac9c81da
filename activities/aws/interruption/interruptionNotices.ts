import type { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeSpotInstanceRequestsCommand } from '../client/ec2.ts';
import type { Observation } from '../../../domain/machine/machine.ts';
import { paginate, requireField } from '../client/responseGuards.ts';
import { toProviderError } from '../client/errors.ts';
import { INTERRUPTION_NOTICE_MS } from './instanceEvents.ts';

export interface InterruptionNoticeReader {
  /** @returns machines with an interruption notice -> epoch ms of the interruption */
  read(machines: readonly Observation[]): Promise<ReadonlyMap<string, number>>;
}

/** Status codes of spot requests whose instance is about to be interrupted (EC2 User Guide, Spot request status). */
const INTERRUPTION_STATUS_CODES = ['marked-for-termination', 'marked-for-stop'];
const MAX_PAGE_SIZE = 1_000;

/**
 * Reads interruption notices from the spot requests while spot machines run. If this read fails, the last notices stay
 * valid, other changes are still reported, and the error is reported once.
 */
export function createInterruptionNoticeReader(
  client: EC2Client,
  onError: (error: unknown) => void,
): InterruptionNoticeReader {
  let interruptionTimes: ReadonlyMap<string, number> = new Map();
  let isFailing = false;
  return {
    async read(machines) {
      if (!machines.some(({ state, spot }) => spot && state === 'running')) return new Map();
      try {
        interruptionTimes = await readInterruptionTimes(client);
        isFailing = false;
      } catch (error) {
        if (!isFailing) onError(toProviderError(error));
        isFailing = true;
      }
      return interruptionTimes;
    },
  };
}

async function readInterruptionTimes(client: EC2Client): Promise<ReadonlyMap<string, number>> {
  const interruptionTimes = new Map<string, number>();
  const read = (NextToken: string | undefined) =>
    client.send(
      new DescribeSpotInstanceRequestsCommand({
        Filters: [{ Name: 'status-code', Values: INTERRUPTION_STATUS_CODES }],
        MaxResults: MAX_PAGE_SIZE,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
  for await (const { SpotInstanceRequests } of paginate(read)) {
    for (const { InstanceId, Status } of requireField(SpotInstanceRequests, 'list of spot requests')) {
      if (InstanceId)
        interruptionTimes.set(
          InstanceId,
          (Status?.UpdateTime?.getTime() ?? Date.now()) + INTERRUPTION_NOTICE_MS,
        );
    }
  }
  return interruptionTimes;
}
