import type { HostsAnswer, HostsQuery } from '../../domain/monitor/messages.ts';
import type { OperationContext } from '../context.ts';
import { hostFromWord, usualHosts, type GivenHost } from './hosts.ts';
import { defineOperation } from './operation.ts';

/** Reads, but for what Host Factory's list of hosts tells the monitor that it did not know. */
export const operation = defineOperation({
  name: 'getReturnRequests',
  kind: 'query',
  inputFromWords: (words) => ({ machines: words.map(hostFromWord) }),
  usual: (input) => {
    const machines = usualHosts(input['machines']);
    return machines && { machines };
  },
  schema: async () => (await import('./schemas.ts')).hostsInUse,
  run: ({ machines }, context) => readReturnRequests(machines ?? [], context),
});

/** Hosts of one query: their names and ids stay under 1 MB, half of what Temporal takes. */
const PAGE = 15_000;
/** AWS announces an interruption two minutes before it. */
const LONGEST_GRACE_SECONDS = 120;

/** Of no host there is nothing to be asked. */
async function readReturnRequests(hosts: readonly GivenHost[], context: OperationContext): Promise<object> {
  const requests: object[] = [];
  let ready = true;
  for (let from = 0; from < hosts.length; from += PAGE) {
    const gateway = await context.gateway();
    const now = context.now();
    const page = hosts.slice(from, from + PAGE);
    const answer = await gateway.goingOf(hostsQuery(page, page.length === hosts.length, now));
    ready &&= answer.ready;
    requests.push(...rows(page, answer, now));
  }
  const message = ready
    ? 'Instances marked for termination retrieved successfully.'
    : 'AWS has not been read yet; nothing is known of the hosts.';
  return { status: 'complete', message, requests };
}

const hostsQuery = (hosts: readonly GivenHost[], whole: boolean, now: number): HostsQuery => ({
  v: 1,
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
