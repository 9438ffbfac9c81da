import { setTimeout as pause } from 'node:timers/promises';
import { ValidationError } from '../../../domain/errors/errors.ts';
import { isRequestId, isReturnId } from '../../../contract/ids.ts';
import type { StatusAnswer } from '../../../domain/request/requestRepository.ts';
import { machinesTable } from './machinesTable.ts';
import { machineRow } from '../../operations/machineRow.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import type { Command } from '../../args/command.ts';
import { showStored } from './storedRequests.ts';

const POLL_INTERVAL_MS = 1_000;

/**
 * Shows one request or return with its machines; with --watch again at every change until it is settled.
 * @returns with --watch: 0 only if it ended as `complete`
 */
export const run: Command = async ({ args, flags }, env) => {
  const [id = '', ...more] = args;
  if (more.length > 0 || !(isRequestId(id) || isReturnId(id))) {
    throw new ValidationError(`'${args.join(' ')}' is not the id of a request (req-…) or a return (ret-…).`);
  }
  if (flags['stored'] === true) return showStored(id, flags, env);
  const render = (answer: StatusAnswer): string =>
    flags['json'] === true ? `${JSON.stringify(jsonOf(id, answer))}\n` : textOf(id, answer);
  let lastText = '';
  for (;;) {
    // A connection of its own each time: all calls of one share its deadline.
    const answer = await withProvider(scriptEnvironment(flags, env), async (provider) => {
      const [status] = await (await provider.gateway()).readStatuses([id], Date.now());
      return status;
    });
    if (!answer) throw new Error(`no answer for ${id}`);
    const text = render(answer);
    if (text !== lastText) await writeStdout(text);
    lastText = text;
    if (flags['watch'] !== true) return 0;
    if (answer.status !== 'running') return answer.status === 'complete' ? 0 : 1;
    await pause(POLL_INTERVAL_MS);
  }
};

const jsonOf = (requestId: string, { status, message, machines }: StatusAnswer): object => ({
  requestId,
  status,
  message,
  machines: machines.map(machineRow),
});

function textOf(id: string, { status, message, machines }: StatusAnswer): string {
  const done = machines.filter(({ result }) => result === 'succeed').length;
  const verb = isReturnId(id) ? 'gone' : 'up';
  const head = `${id}: ${status}, ${done} of ${machines.length} machines ${verb}${message && `: ${message}`}\n`;
  if (machines.length === 0) return head;
  const rows = machines.map((machine) => [machine, machine.result, machine.message || '-'] as const);
  return head + machinesTable(['RESULT', 'MESSAGE'], rows);
}
