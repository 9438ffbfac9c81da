import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { ended, requestMachines, returnMachines, type HfMachine } from '../fixtures/stack/hostFactory.ts';
import type { HfOperation, Stack } from '../fixtures/stack/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { startCuttingProxy } from './cuttingProxy.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import { MACHINE_REQUEST } from '../../contract/machineRequest.ts';

/** More messages than any operation exchanges with Temporal. */
const MOST = 40;
/** Machines of each request. */
const COUNT = 2;

export interface CommandLineKills {
  /** At which messages between script and Temporal, from 1; at all of them when left out. */
  readonly at?: readonly number[];
  readonly ways?: readonly string[];
  readonly onKill?: (operation: HfOperation, message: number, calls: number) => void;
}

/**
 * Kills Host Factory's scripts at messages that go between them and Temporal, in either direction, for every way to
 * get machines. Host Factory then knows nothing of the call: a request was made whole or not at all, and a return
 * that is repeated ends with exactly its machines gone. The simulated AWS judges.
 */
export async function killCommandLine(stack: Stack, kills: CommandLineKills = {}): Promise<void> {
  const known = await requestMachines(stack, 1);
  const bystanders = idsOf((await ended(stack, known)).machines);
  const ways = kills.ways ?? LAUNCH_METHODS.map(({ api }) => api);

  await atMessages('requestMachines', kills, async (message) => {
    const killed = await Promise.all(
      ways.map((templateId) =>
        killedAt(stack, 'requestMachines', { template: { templateId, machineCount: COUNT } }, message),
      ),
    );
    await eventually('what was started is there in full, and nothing else', async () => {
      const owned = await Promise.all((await openRequests(stack)).map((id) => machinesOf(stack, id)));
      assert.deepEqual(await liveIds(stack), owned.flat().toSorted());
      return true;
    });
    return killed;
  });
  // Nobody knows them: an operator ends them.
  await stack.ohf('cancel', ...(await openRequests(stack)).filter((id) => id !== known));
  await eventually('nothing is left of what nobody knows', async () =>
    same(await liveIds(stack), bystanders),
  );

  await atMessages('requestReturnMachines', kills, async (message) => {
    const ids = await Promise.all(ways.map((way) => requestMachines(stack, COUNT, way)));
    const owned = await Promise.all(ids.map(async (id) => (await ended(stack, id)).machines));
    const [first, rest] = [owned.map((machines) => machines.slice(0, 1)), owned.map((all) => all.slice(1))];
    const killed = await Promise.all(
      first.map((machines) =>
        killedAt(stack, 'requestReturnMachines', { machines: hosts(machines) }, message),
      ),
    );
    // Host Factory read no id: it gives them back once more.
    await giveBack(stack, first.flat());
    assert.deepEqual(await liveIds(stack), [...bystanders, ...idsOf(rest.flat())].toSorted());
    await giveBack(stack, rest.flat());
    return killed;
  });

  await atMessages('getRequestStatus', kills, async (message) => {
    const killed = await killedAt(stack, 'getRequestStatus', { requests: [{ requestId: known }] }, message);
    assert.deepEqual(idsOf((await ended(stack, known)).machines), bystanders);
    return [killed];
  });
  assert.deepEqual(await liveIds(stack), bystanders);
}

/** @param play returns of each call whether it was killed; when none was, the operation has no more messages */
async function atMessages(
  operation: HfOperation,
  { at, onKill = () => {} }: CommandLineKills,
  play: (message: number) => Promise<readonly boolean[]>,
): Promise<void> {
  for (const message of at ?? Array.from({ length: MOST }, (_, index) => index + 1)) {
    const killed = (await play(message)).filter(Boolean).length;
    if (killed === 0) return;
    onKill(operation, message, killed);
  }
}

/** Runs a script and kills it, with all that it started, at the n-th message. @returns whether it got so far */
async function killedAt(stack: Stack, operation: HfOperation, input: object, n: number): Promise<boolean> {
  const proxy = await startCuttingProxy(stack.temporalAddress, n);
  const script = path.join(stack.scripts, `${operation}.sh`);
  const child = spawn(script, ['-d', JSON.stringify(input)], {
    cwd: '/',
    env: { ...stack.hfEnvironment, TEMPORAL_ADDRESS: proxy.address },
    detached: true,
    stdio: 'ignore',
  });
  const end = once(child, 'exit');
  const killed = await Promise.race([end.then(() => false), proxy.reached.then(() => true)]);
  if (killed && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await end;
  proxy.stop();
  return killed;
}

async function openRequests(stack: Stack): Promise<string[]> {
  const query = `WorkflowType = "${MACHINE_REQUEST}" AND ExecutionStatus = "Running"`;
  const ids: string[] = [];
  for await (const { workflowId } of stack.temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

/** @throws while the request is not complete */
async function machinesOf(stack: Stack, requestId: string): Promise<string[]> {
  const handle = stack.temporal.workflow.getHandle(requestId);
  const view = await handle.query<StatusView, [{ offset: number }]>('status', { offset: 0 });
  assert.equal(view.status, 'complete', view.message);
  return unpackMachines(view.machines).map(({ machineId }) => machineId);
}

async function giveBack(stack: Stack, machines: readonly HfMachine[]): Promise<void> {
  const { status, message } = await ended(stack, await returnMachines(stack, machines));
  assert.equal(status, 'complete', message);
}

const hosts = (machines: readonly HfMachine[]) =>
  machines.map(({ name, machineId }) => ({ name, machineId }));
const idsOf = (machines: readonly HfMachine[]): string[] => machines.map(({ machineId }) => machineId);
const liveIds = async (stack: Stack): Promise<string[]> =>
  (await stack.simulator.summary()).liveIds.toSorted();

function same(actual: readonly string[], expected: readonly string[]): boolean {
  assert.deepEqual(actual, expected);
  return true;
}
