import type { HostsAnswer, HostsQuery } from '../../domain/monitor/messages.ts';
import type { OperationContext } from '../context.ts';
import { clusterName } from './cluster.ts';
import { errorDetails } from '../log.ts';
import { hostFromWord, usualHosts, type GivenHost } from './hosts.ts';
import { defineOperation } from './operation.ts';

/** Reads, but for what Host Factory's list of hosts tells the monitor that it did not know. */
export const operation = defineOperation({
  name: 'getReturnRequests',
  kind: 'query',
  // Hosts that a person names are not all that Host Factory has.
  inputFromWords: (words) => ({ machines: words.map(hostFromWord), whole: false }),
  usual: (input) => {
    const machines = usualHosts(input['machines']);
    const { whole } = input;
    if (!machines || (whole !== undefined && typeof whole !== 'boolean')) return undefined;
    return { machines, ...(whole === undefined ? {} : { whole }) };
  },
  schema: async () => (await import('./schemas.ts')).hostsInUse,
  run: ({ machines, whole }, context) => readReturnRequests(machines ?? [], whole !== false, context),
});

/** Hosts of one query: their names and ids stay under 1 MB, half of what Temporal takes. */
const PAGE = 15_000;
/** AWS announces an interruption two minutes before it. */
const LONGEST_GRACE_SECONDS = 120;

async function readReturnRequests(
  hosts: readonly GivenHost[],
  whole: boolean,
  context: OperationContext,
): Promise<object> {
  const requests: object[] = [];
  let ready = true;
  let boundTo: string | undefined;
  const cluster = await clusterName(context.env);
  if (hosts.length === 0 && whole) await tellOfNoHosts(cluster, context);
  for (let from = 0; from < hosts.length; from += PAGE) {
    const gateway = await context.gateway();
    const now = context.now();
    const page = hosts.slice(from, from + PAGE);
    const isWhole = whole && page.length === hosts.length;
    const answer = await gateway.goingOf(hostsQuery(page, isWhole, now, cluster));
    ready &&= answer.ready;
    boundTo ??= answer.boundTo;
    requests.push(...rows(page, answer, now));
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
async function tellOfNoHosts(cluster: string | undefined, context: OperationContext): Promise<void> {
  try {
    await (await context.gateway()).goingOf(hostsQuery([], true, context.now(), cluster));
  } catch (error) {
    context.log.warn('the monitor was not told that there are no hosts', errorDetails(error));
  }
}

const hostsQuery = (
  hosts: readonly GivenHost[],
  whole: boolean,
  now: number,
  cluster: string | undefined,
): HostsQuery => ({
  v: 1,
  ...(cluster === undefined ? {} : { cluster }),
  at: now,
  whole,
  names: hosts.map(({ name }) => name?.trim() ?? ''),
  ids: hosts.map(({ machineId }) => machineId?.trim() ?? ''),
});

/** Names exactly as Host Factory sent them: it finds its hosts by them. */
function rows(hosts: readonly GivenHost[], { going }: HostsAnswer, now: number): object[] {
  return going.map(([index, at]) => {
    const { name, machineId } = hosts[index] ?? {};
    const seconds = Math.ceil((at - now) / 1_000);
    return {
      gracePeriod: Math.min(Math.max(seconds, 0), LONGEST_GRACE_SECONDS),
      machine: name ?? machineId ?? '',
      ...(machineId ? { machineId } : {}),
    };
  });
}
