import type { Environment } from '../../../config/index.ts';
import { ResourceNotFoundError, ValidationError } from '../../../domain/errors/errors.ts';
import type { RequestFilter } from '../../../domain/request/requestRepository.ts';
import type {
  MachineRecord,
  RequestRecord,
  StoredRequest,
} from '../../../worker/pipeline/readModelQueries.ts';
import { renderTable } from '../../output/table.ts';
import { utcText } from '../../output/times.ts';
import { importWorkerModule, printNote } from '../shared/workerHost.ts';

const importReadModelQueries = () =>
  importWorkerModule(() => import('../../../worker/pipeline/readModelQueries.ts'));

export const STORED_OPTION = [
  '--stored',
  "Read the read model on the worker's host, which also has what Temporal no longer retains",
] as const;

/** `ohf requests --stored` */
export async function listStored(
  filter: RequestFilter,
  limit: number,
  env: Environment,
): Promise<readonly RequestRecord[]> {
  const { isOpen = false, state, templateId } = filter;
  if (state !== undefined) throw new ValidationError('--state cannot be combined with --stored.');
  const { withReadModel } = await importReadModelQueries();
  const stored = {
    ...(isOpen ? { isOpen: true as const } : {}),
    ...(templateId === undefined ? {} : { templateId }),
  };
  return withReadModel(env, printNote, (queries) => queries.requests(stored, limit));
}

/** `ohf request ID --stored` */
export async function readStored(id: string, env: Environment): Promise<StoredRequest> {
  const { withReadModel } = await importReadModelQueries();
  const found = await withReadModel(env, printNote, (queries) => queries.request(id));
  if (found) return found;
  throw new ResourceNotFoundError(
    id.startsWith('ret-')
      ? `The read model has no returns; 'ohf events --request ${id}' shows the machines of ${id}.`
      : `The read model has no request ${id}.`,
  );
}

export function storedListText(requests: readonly RequestRecord[], limit: number): string {
  if (requests.length === 0) return 'none\n';
  const rows = requests.map((request) => {
    const { id, templateId, status, count, alive, at, endedAt } = request;
    return [id, stateOf(request), status, templateId || '-', count, alive, utcText(at), timeText(endedAt)];
  });
  const hint = requests.length === limit ? `the newest ${limit}; --limit shows more\n` : '';
  return renderTable(['ID', 'STATE', 'STATUS', 'TEMPLATE', 'COUNT', 'ALIVE', 'SINCE', 'ENDED'], rows) + hint;
}

/** The state as a value of HfState. */
function stateOf({ phase, endedAt, cancelled }: RequestRecord): string {
  if (phase === 'provisioning') return 'provisioning';
  if (endedAt === 0) return 'settled';
  return cancelled ? 'cancelled' : 'returned';
}

export function storedRequestText({ request, machines }: StoredRequest): string {
  const { id, status, message, templateId, count, alive } = request;
  const head = `${id}: ${status}, ${count} of ${templateId || '-'}, ${alive} alive${message && `: ${message}`}\n`;
  return machines.length === 0 ? head : head + renderTable(MACHINE_HEADER, machines.map(machineCells));
}

const MACHINE_HEADER = [
  'MACHINE',
  'NAME',
  'ADDRESS',
  'TYPE',
  'PRICE',
  'RESULT',
  'STATE',
  'LAUNCHED',
  'ENDED',
  'MESSAGE',
];

const machineCells = (machine: MachineRecord): string[] => [
  machine.id,
  machine.name || '-',
  machine.privateIp || '-',
  machine.instanceType || '-',
  machine.spot ? 'spot' : 'ondemand',
  machine.result,
  machine.lost ? 'lost' : machine.release,
  timeText(machine.launchTime * 1_000),
  timeText(machine.endedAt),
  machine.message || '-',
];

/** @param time epoch ms; 0 for none */
const timeText = (time: number): string => (time > 0 ? utcText(time) : '-');
