import type { LostHostsAnswer, LostHostsQuery } from '../../domain/monitor/messages.ts';
import type { OperationContext } from '../context.ts';
import { clusterName } from './cluster.ts';
import { errorDetails } from '../log.ts';
import { hostFromArg, parsePlainHosts, type HostEntry } from './hosts.ts';
import { defineOperation } from './operation.ts';

/** Reads, but for what Host Factory's list of hosts tells the monitor that it did not know. */
export const operation = defineOperation({
  name: 'getReturnRequests',
  kind: 'query',
  // Hosts that a person names are not all that Host Factory has.
  inputFromArgs: (args) => ({ machines: args.map(hostFromArg), isComplete: false }),
  fastPath: (input) => {
    const machines = parsePlainHosts(input['machines']);
    const { isComplete } = input;
    if (!machines || (isComplete !== undefined && typeof isComplete !== 'boolean')) return undefined;
    return { machines, ...(isComplete === undefined ? {} : { isComplete }) };
  },
  schema: async () => (await import('./schemas.ts')).hostsInUse,
  run: ({ machines, isComplete }, context) =>
    readReturnRequests(machines ?? [], isComplete !== false, context),
});

/** Hosts of one query: their names and ids stay under 1 MB, half of what Temporal takes. */
const MAX_HOSTS_PER_QUERY = 15_000;
/** AWS announces an interruption two minutes before it. */
const MAX_GRACE_SECONDS = 120;

async function readReturnRequests(
  hosts: readonly HostEntry[],
  isComplete: boolean,
  context: OperationContext,
): Promise<object> {
  const requests: object[] = [];
  let ready = true;
  let boundTo: string | undefined;
  const cluster = await clusterName(context.env);
  if (hosts.length === 0 && isComplete) await reportEmptyHostList(cluster, context);
  for (let from = 0; from < hosts.length; from += MAX_HOSTS_PER_QUERY) {
    const gateway = await context.gateway();
    const now = context.now();
    const page = hosts.slice(from, from + MAX_HOSTS_PER_QUERY);
    const isWhole = isComplete && page.length === hosts.length;
    const answer = await gateway.readLostHosts(hostsQuery(page, isWhole, now, cluster));
    ready &&= answer.isReady;
    boundTo ??= answer.boundCluster;
    requests.push(...lostHostRows(page, answer, now));
  }
  return { status: 'complete', message: messageFor(ready, boundTo, context), requests };
}

function messageFor(ready: boolean, boundTo: string | undefined, { log }: OperationContext): string {
  if (boundTo !== undefined) {
    const message = `The deployment of this provider belongs to the cluster '${boundTo}'; give this one its own.`;
    log.error(message);
    return message;
  }
  return ready
    ? 'Instances marked for termination retrieved successfully.'
    : 'AWS has not been read yet; nothing is known of the hosts.';
}

/** Nothing is asked of no host; but the monitor has to hear of it, for machines may be alive. */
async function reportEmptyHostList(cluster: string | undefined, context: OperationContext): Promise<void> {
  try {
    await (await context.gateway()).readLostHosts(hostsQuery([], true, context.now(), cluster));
  } catch (error) {
    context.log.warn('the monitor was not told that there are no hosts', errorDetails(error));
  }
}

const hostsQuery = (
  hosts: readonly HostEntry[],
  isComplete: boolean,
  now: number,
  cluster: string | undefined,
): LostHostsQuery => ({
  v: 1,
  ...(cluster === undefined ? {} : { cluster }),
  at: now,
  isComplete,
  names: hosts.map(({ name }) => name?.trim() ?? ''),
  ids: hosts.map(({ machineId }) => machineId?.trim() ?? ''),
});

/** Names exactly as Host Factory sent them: it finds its hosts by them. */
function lostHostRows(hosts: readonly HostEntry[], { lost }: LostHostsAnswer, now: number): object[] {
  return lost.map(([index, at]) => {
    const { name, machineId } = hosts[index] ?? {};
    const seconds = Math.ceil((at - now) / 1_000);
    return {
      gracePeriod: Math.min(Math.max(seconds, 0), MAX_GRACE_SECONDS),
      machine: name ?? machineId ?? '',
      ...(machineId ? { machineId } : {}),
    };
  });
}
