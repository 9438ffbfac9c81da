import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../scripts/lib/paths.mjs';
import { Problem } from '../scripts/lib/problem.mjs';

/** Between two looks, and how many. */
const POLL_MS = 500;
const POLLS = 600;

export const script = (operation) => path.join(root, 'cli', 'scripts', `${operation}.sh`);

/** Runs one HF script. @returns its document @throws Problem with its message when it fails */
export function call(operation, args, env) {
  const options = { env, cwd: '/', encoding: 'utf8', maxBuffer: 1 << 26 };
  const { status, stdout } = spawnSync(script(operation), args, options);
  const document = JSON.parse(stdout);
  if (status !== 0) throw new Problem(`${operation} failed: ${document.message}`);
  return document;
}

/** Asks for machines and waits until all are there. */
export async function settled(stack, count, templateId = 'demo') {
  const { requestId } = call('requestMachines', [templateId, String(count)], stack.env);
  const { machines } = await ended(stack, requestId);
  if (machines.length === count) return { requestId, machines };
  throw new Problem(`${machines.length} of ${count} machines were to be had.`);
}

/** Gives machines back and waits until all are gone. */
export async function returned(stack, machines) {
  const file = path.join(stack.folder, 'return.json');
  const hosts = machines.map(({ name, machineId }) => ({ name, machineId }));
  writeFileSync(file, JSON.stringify({ machines: hosts }));
  await ended(stack, call('requestReturnMachines', ['-f', file], stack.env).requestId);
}

/** Asks for the status until the request is complete. */
export async function ended({ env }, requestId) {
  for (let poll = 0; poll < POLLS; poll++) {
    const [answer] = call('getRequestStatus', [requestId], env).requests;
    if (answer.status === 'complete') return answer;
    if (answer.status === 'complete_with_error') throw new Problem(`${requestId} failed: ${answer.message}`);
    await delay(POLL_MS);
  }
  throw new Problem(`${requestId} did not end within ${(POLLS * POLL_MS) / 60_000} minutes.`);
}
