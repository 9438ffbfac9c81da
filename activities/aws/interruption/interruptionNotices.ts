import type { EC2Client } from '@aws-sdk/client-ec2';
import { DescribeSpotInstanceRequestsCommand } from '../client/ec2.ts';
import type { Observation } from '../../../domain/machine/machine.ts';
import { paginate, requireField } from '../client/responseGuards.ts';
import { toProviderError } from '../client/errors.ts';

export interface InterruptionNoticeReader {
  /** Of these machines, those that AWS announced to take away: epoch ms at which it does. */
  read(machines: readonly Observation[]): Promise<ReadonlyMap<string, number>>;
}

/** AWS announces an interruption this long before (EC2 User Guide, Spot interruption notices). */
const INTERRUPTION_NOTICE_MS = 120_000;
/** Codes of a spot request whose instance is about to go (EC2 User Guide, Spot request status). */
const INTERRUPTION_STATUS_CODES = ['marked-for-termination', 'marked-for-stop'];
const MAX_PAGE_SIZE = 1_000;

/**
 * Reads the announcements from the spot requests, while spot machines are alive. A failure of this read hides
 * no other news: what was announced before holds, and the error is told once until it passes.
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
