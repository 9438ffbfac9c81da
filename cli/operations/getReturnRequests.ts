import type { LostHostsAnswer, LostHostsQuery } from '../../domain/monitor/messages.ts';
import type { QueryContext, QueryEffects } from '../bus/context.ts';
import { errorDetails } from '../log.ts';
import { clusterName } from './cluster.ts';
import { hostFromArg, parsePlainHosts, type HostEntry } from './hosts.ts';
import { defineQuery } from './operation.ts';

type Context = QueryContext & Pick<QueryEffects, 'ensureMonitor' | 'updateHostList'>;

/** Reads only, except that it starts a missing monitor and signals what is new in Host Factory's host list. */
export const operation = defineQuery({
  schema: async () => (await import('./schemas.ts')).hostsInUse,
  fastPath: (input) => {
    const machines = parsePlainHosts(input['machines']);
    const { isComplete } = input;
    if (!machines || (isComplete !== undefined && typeof isComplete !== 'boolean')) return undefined;
    return { machines, ...(isComplete === undefined ? {} : { isComplete }) };
  },
  args: '[...machines]',
  // Hosts on the command line are not Host Factory's complete list.
  inputFromArgs: (args) => ({ machines: args.map(hostFromArg), isComplete: false }),
  effects: ['ensureMonitor', 'updateHostList'],
  examples: ['getReturnRequests'],
  run: ({ machines, isComplete }, context) =>
    readReturnRequests(machines ?? [], isComplete !== false, context),
});

/** Hosts of one query: their names and ids stay under 1 MB, half of Temporal's limit. */
const MAX_HOSTS_PER_QUERY = 15_000;
/** AWS announces an interruption two minutes before it. */
const MAX_GRACE_SECONDS = 120;

async function readReturnRequests(
  hosts: readonly HostEntry[],
  isComplete: boolean,
  context: Context,
): Promise<object> {
  const requests: object[] = [];
  let ready = true;
  let boundTo: string | undefined;
  const cluster = await clusterName(context.env);
  if (hosts.length === 0 && isComplete) await reportEmptyHostList(cluster, context);
  for (let from = 0; from < hosts.length; from += MAX_HOSTS_PER_QUERY) {
    const now = context.now();
    const page = hosts.slice(from, from + MAX_HOSTS_PER_QUERY);
    const isWhole = isComplete && page.length === hosts.length;
    const answer = await readLostHosts(hostsQuery(page, isWhole, now, cluster), context);
    ready &&= answer.isReady;
    boundTo ??= answer.boundCluster;
    requests.push(...lostHostRows(page, answer, now));
  }
  return { status: 'complete', message: messageFor(ready, boundTo, context), requests };
}

async function readLostHosts(query: LostHostsQuery, context: Context): Promise<LostHostsAnswer> {
  const answer = await context.machines.lost(query);
  if (answer.isMonitorMissing) await context.ensureMonitor();
  if (answer.update) await context.updateHostList(answer.update);
  return answer;
}

function messageFor(ready: boolean, boundTo: string | undefined, { log }: Context): string {
  if (boundTo !== undefined) {
    const message =
      `The deployment of this provider belongs to the cluster '${boundTo}'; ` +
      'set another provider.deployment for this cluster.';
    log.error(message);
    return message;
  }
  return ready
    ? 'Instances marked for termination retrieved successfully.'
    : 'AWS has not been read yet; nothing is known of the hosts.';
}

/** The answer is empty without a query; but the monitor needs the list, for machines may still run. */
async function reportEmptyHostList(cluster: string | undefined, context: Context): Promise<void> {
  try {
    await readLostHosts(hostsQuery([], true, context.now(), cluster), context);
  } catch (error) {
    context.log.warn('the monitor did not get the empty host list', errorDetails(error));
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

/** With the names exactly as Host Factory sent them: it matches hosts by them. */
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
