import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../scripts/lib/paths.mjs';
import { Problem } from '../scripts/lib/problem.mjs';

const POLL_MS = 500;
const MAX_POLLS = 600;

export const script = (operation) => path.join(root, 'cli', 'scripts', `${operation}.sh`);

/** Runs one HF script. @returns the JSON that it printed @throws Problem with its message when it fails */
export function call(operation, args, env) {
  const options = { env, cwd: '/', encoding: 'utf8', maxBuffer: 1 << 26 };
  const { status, stdout } = spawnSync(script(operation), args, options);
  const document = JSON.parse(stdout);
  if (status !== 0) throw new Problem(`${operation} failed: ${document.message}`);
  return document;
}

/** Requests machines and waits until all are ready. */
export async function requestMachines(stack, count, templateId = 'demo') {
  const { requestId } = call('requestMachines', [templateId, String(count)], stack.env);
  const { machines } = await awaitComplete(stack, requestId);
  if (machines.length === count) return { requestId, machines };
  throw new Problem(`${requestId} got ${machines.length} of ${count} machines.`);
}

/** Returns machines and waits until all are terminated. */
export async function returnMachines(stack, machines) {
  const file = path.join(stack.folder, 'return.json');
  const hosts = machines.map(({ name, machineId }) => ({ name, machineId }));
  writeFileSync(file, JSON.stringify({ machines: hosts }));
  await awaitComplete(stack, call('requestReturnMachines', ['-f', file], stack.env).requestId);
}

/** Polls the status until the request or return is complete. @returns its status */
export async function awaitComplete({ env }, requestId) {
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    const [answer] = call('getRequestStatus', [requestId], env).requests;
    if (answer.status === 'complete') return answer;
    if (answer.status === 'complete_with_error') throw new Problem(`${requestId} failed: ${answer.message}`);
    await delay(POLL_MS);
  }
  throw new Problem(`${requestId} did not complete within ${(MAX_POLLS * POLL_MS) / 60_000} minutes.`);
}
