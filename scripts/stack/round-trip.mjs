import { setTimeout as delay } from 'node:timers/promises';
import { shown } from '../lib/paths.mjs';
import { Problem } from '../lib/problem.mjs';
import { callScript } from './host-factory.mjs';
import { TEMPLATE } from './provider-files.mjs';
import { readSummary } from './services.mjs';
import { inState } from './state.mjs';

const MACHINES = 5;
const FIRST_RETURN = 2;
const POLL_MS = 500;
// Without any change for this long, the round trip has failed.
const MAX_IDLE_MS = 120_000;

/**
 * Requests machines, waits for them, returns them in two parts and waits until they are terminated, all through the HF
 * scripts. @throws Problem that says what did not happen
 */
export async function roundTrip({ say, signal, ports, linkTo }) {
  const call = (operation, input) => callScript(operation, input, signal);

  const { templates = [] } = await call('getAvailableTemplates', {});
  say(
    `getAvailableTemplates: ${templates.map((one) => `${one.templateId} (up to ${one.maxNumber})`).join(', ')}`,
  );

  const request = await call('requestMachines', {
    template: { templateId: TEMPLATE, machineCount: MACHINES },
  });
  say(`requestMachines: ${MACHINES} of ${TEMPLATE}\n  ${linkTo(request.requestId)}`);
  const machines = await settled(request.requestId, MACHINES, 'up', { call, say, signal });

  const parts = [machines.slice(0, FIRST_RETURN), machines.slice(FIRST_RETURN)];
  const returns = [];
  for (const part of parts) {
    const given = part.map(({ name, machineId }) => ({ name, machineId }));
    const { requestId } = await call('requestReturnMachines', { machines: given });
    say(`requestReturnMachines: ${part.length} machines\n  ${linkTo(requestId)}`);
    returns.push({ requestId, count: part.length });
  }
  await Promise.all(
    returns.map(({ requestId, count }) => settled(requestId, count, 'terminated', { call, say, signal })),
  );

  await checkAllTerminated(machines, ports, say);
}

/** Polls as Host Factory does, prints every change, and returns the machines when the request is complete. */
async function settled(requestId, count, word, { call, say, signal }) {
  let last;
  let changed = Date.now();
  for (;;) {
    const request = await readStatus(requestId, call);
    const machines = request.machines ?? [];
    const done = machines.filter((machine) => machine.result === 'succeed');
    const line = request.failure ?? `${request.status}, ${done.length} of ${count} machines ${word}`;
    if (line !== last) {
      say(`  ${requestId}: ${line}`);
      changed = Date.now();
    }
    last = line;
    if (request.status === 'complete' && done.length === count) return done;
    if (request.status === 'complete' || request.status === 'complete_with_error') {
      throw new Problem(`${requestId} ended with ${line}. ${request.message ?? ''}\n${logHint()}`);
    }
    if (Date.now() - changed > MAX_IDLE_MS) {
      throw new Problem(`${requestId}: nothing changed for ${MAX_IDLE_MS / 1000} s (${line}).\n${logHint()}`);
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

/** A failed poll is retried, as Host Factory does: the worker may be restarting. */
async function readStatus(requestId, call) {
  try {
    const { requests } = await call('getRequestStatus', { requests: [{ requestId }] });
    return requests?.find((one) => one.requestId === requestId) ?? { failure: 'not in the answer; retrying' };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { failure: `${error.message}; retrying` };
  }
}

async function checkAllTerminated(machines, { simulator }, say) {
  const { live, liveIds } = await readSummary(simulator);
  const left = machines.map((machine) => machine.machineId).filter((id) => liveIds.includes(id));
  if (left.length > 0) {
    throw new Problem(`The simulated AWS still has ${left.join(', ')}, which were returned.\n${logHint()}`);
  }
  say(`The simulated AWS has ${live} live instances${live > 0 ? ', none of them of this round trip' : ''}.`);
}

const logHint = () => `The logs are in ${shown(inState('log'))} and ${shown(inState('hf', 'log'))}.`;
