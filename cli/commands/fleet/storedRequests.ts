import type { Environment } from '../../../config/index.ts';
import { ResourceNotFoundError, ValidationError } from '../../../domain/errors/errors.ts';
import type {
  MachineRecord,
  RequestRecord,
  StoredRequest,
} from '../../../worker/pipeline/readModelQueries.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { renderTable } from '../../output/table.ts';
import { utcText } from '../../output/times.ts';
import { importWorkerModule, printNote } from '../shared/workerHost.ts';
import { textFlag, type Flags } from '../../args/command.ts';

const importReadModelQueries = () =>
  importWorkerModule(() => import('../../../worker/pipeline/readModelQueries.ts'));

/** `ohf requests --stored` */
export async function listStored(flags: Flags, limit: number, env: Environment): Promise<number> {
  const templateId = textFlag(flags, 'template');
  if (flags['state'] !== undefined) throw new ValidationError('--state does not go with --stored.');
  const { withReadModel } = await importReadModelQueries();
  const requests = await withReadModel(env, printNote, (records) =>
    records.requests(
      {
        ...(flags['all'] === true ? {} : { isOpen: true }),
        ...(templateId === undefined ? {} : { templateId }),
      },
      limit,
    ),
  );
  await writeStdout(flags['json'] === true ? `${JSON.stringify({ requests })}\n` : listText(requests, limit));
  return 0;
}

/** `ohf request ID --stored` */
export async function showStored(id: string, flags: Flags, env: Environment): Promise<number> {
  if (flags['watch'] === true) throw new ValidationError('--watch does not go with --stored.');
  const { withReadModel } = await importReadModelQueries();
  const found = await withReadModel(env, printNote, (records) => records.request(id));
  if (!found) {
    throw new ResourceNotFoundError(
      id.startsWith('ret-')
        ? `Returns are not kept in the read model; 'ohf events --request ${id}' shows what ${id} asked for.`
        : `The read model has no request ${id}.`,
    );
  }
  await writeStdout(flags['json'] === true ? `${JSON.stringify(found)}\n` : showText(found));
  return 0;
}

function listText(requests: readonly RequestRecord[], limit: number): string {
  if (requests.length === 0) return 'none\n';
  const rows = requests.map((request) => {
    const { id, templateId, status, count, alive, at, endedAt } = request;
    return [id, stateOf(request), status, templateId || '-', count, alive, utcText(at), timeText(endedAt)];
  });
  const hint = requests.length === limit ? `the newest ${limit}; --limit shows more\n` : '';
  return renderTable(['ID', 'STATE', 'STATUS', 'TEMPLATE', 'COUNT', 'ALIVE', 'SINCE', 'ENDED'], rows) + hint;
}

/** In the words of Temporal's HfState. */
function stateOf({ phase, endedAt, cancelled }: RequestRecord): string {
  if (phase === 'provisioning') return 'provisioning';
  if (endedAt === 0) return 'settled';
  return cancelled ? 'cancelled' : 'returned';
}

function showText({ request, machines }: StoredRequest): string {
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
  machine.lost ? 'reclaimed' : machine.release,
  timeText(machine.launchTime * 1_000),
  timeText(machine.endedAt),
  machine.message || '-',
];

/** @param time epoch ms; 0 for none */
const timeText = (time: number): string => (time > 0 ? utcText(time) : '-');
