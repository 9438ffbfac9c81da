import { createdAtOf, type RequestId, type ReturnId } from '../../contract/ids.ts';
import { requestMachinesQuery } from '../../contract/fleetMonitor.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import type { TemporalClient } from './gateway.ts';

/**
 * Makes sure that nothing is alive of a request that Temporal does not know. Normally an owner stays open while it has a
 * machine. But a wrong server has no request at all, and after the loss of Temporal's database a new monitor runs while
 * the machines of the lost owners still do.
 * @param describeMonitor describes the monitor once for all requests of a call
 * @throws UnavailableError if that is not certain
 */
export async function assertNothingAlive(
  client: TemporalClient,
  monitorId: string,
  describeMonitor: () => ReturnType<TemporalClient['describe']>,
  id: RequestId | ReturnId,
): Promise<void> {
  const answer = await client.query(monitorId, requestMachinesQuery, { requestId: id });
  if (answer.kind === 'reply') {
    const { isReady, since, machines } = requestMachinesQuery.parse(answer.reply);
    if (machines > 0)
      throw new UnavailableError(
        `Temporal has no ${id}, but ${machines} of its machines are alive. Run 'ohf adopt' to give them an owner.`,
      );
    if (isReady || since < createdAtOf(id)) return;
    throw new UnavailableError(
      `Temporal has no ${id}, and the monitor is younger and has not read AWS yet. Try again in a minute.`,
    );
  }
  const monitor = answer.kind === 'notFound' ? undefined : await describeMonitor();
  if (!monitor)
    throw new UnavailableError(
      `Temporal has neither ${id} nor the monitor of this provider: the server or namespace is wrong, or no worker ` +
        'has ever started there. Check temporal.address and temporal.namespace.',
    );
  if (monitor.startedAt < createdAtOf(id)) return;
  throw new UnavailableError(
    `Temporal has no ${id}, and without a worker it is unknown whether machines of it are alive. Start a worker.`,
  );
}
