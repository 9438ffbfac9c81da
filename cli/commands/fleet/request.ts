import { setTimeout as pause } from 'node:timers/promises';
import { ValidationError } from '../../../domain/errors/errors.ts';
import { isRequestId, isReturnId } from '../../../contract/ids.ts';
import type { StatusAnswer } from '../../gateway/gateway.ts';
import { machinesTable } from './machinesTable.ts';
import { machineRow } from '../../operations/machineRow.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { withProvider } from '../shared/providerContext.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import type { Command } from '../../args/command.ts';
import { showStored } from './storedRequests.ts';

const PAUSE_MS = 1_000;

/**
 * Shows one request or return with its machines; with --watch again at every change until it is settled.
 * @returns with --watch: 0 only if it ended as `complete`
 */
export const run: Command = async ({ words, flags }, env) => {
  const [id = '', ...more] = words;
  if (more.length > 0 || !(isRequestId(id) || isReturnId(id))) {
    throw new ValidationError(`'${words.join(' ')}' is not the id of a request (req-…) or a return (ret-…).`);
  }
  if (flags['stored'] === true) return showStored(id, flags, env);
  const show = (answer: StatusAnswer): string =>
    flags['json'] === true ? `${JSON.stringify(jsonOf(id, answer))}\n` : textOf(id, answer);
  let shown = '';
  for (;;) {
    // A connection of its own each time: all calls of one share its deadline.
    const answer = await withProvider(providerEnv(flags, env), async (provider) => {
      const [status] = await (await provider.gateway()).statusOf([id], Date.now());
      return status;
    });
    if (!answer) throw new Error(`no answer for ${id}`);
    const text = show(answer);
    if (text !== shown) await writeOut(text);
    shown = text;
    if (flags['watch'] !== true) return 0;
    if (answer.status !== 'running') return answer.status === 'complete' ? 0 : 1;
    await pause(PAUSE_MS);
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
  const word = isReturnId(id) ? 'gone' : 'up';
  const head = `${id}: ${status}, ${done} of ${machines.length} machines ${word}${message && `: ${message}`}\n`;
  if (machines.length === 0) return head;
  const rows = machines.map((machine) => [machine, machine.result, machine.message || '-'] as const);
  return head + machinesTable(['RESULT', 'MESSAGE'], rows);
}
