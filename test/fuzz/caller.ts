import assert from 'node:assert/strict';
import { oneLineMessage } from '../../cli/bus/bus.ts';
import { openSession } from '../../cli/bus/session.ts';
import type { Gateway } from '../../cli/gateway/gateway.ts';
import { openLog } from '../../cli/log.ts';
import { hfOperation } from '../../cli/operations/registry.ts';
import { executeOperation } from '../../cli/runOperation.ts';
import type { Environment } from '../../config/index.ts';
import type { LostHostsQuery } from '../../domain/monitor/messages.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';

/** What a call made of its input. */
export interface Called {
  /** The document, or undefined where the call was refused. */
  readonly document?: Readonly<Record<string, unknown>>;
  readonly message: string;
  readonly requests: readonly MachineRequestInput[];
  readonly returns: readonly MachineReturnInput[];
  readonly asked: readonly string[];
  readonly hosts: readonly LostHostsQuery[];
}

/**
 * Runs an operation in this process, on a Temporal that takes everything, and checks what holds for each answer: one
 * document of one line, or a message that is no stack and no accident; a refused call has started nothing.
 */
export async function call(name: string, args: readonly string[], env: Environment): Promise<Called> {
  const requests: MachineRequestInput[] = [];
  const returns: MachineReturnInput[] = [];
  const asked: string[] = [];
  const hosts: LostHostsQuery[] = [];
  const gateway: Gateway = {
    startRequest: async (input) => (requests.push(input), 'started'),
    startReturn: async (input) => (returns.push(input), 'started'),
    readStatuses: async (ids) => (
      asked.push(...ids),
      ids.map(() => ({ status: 'running', message: '', machines: [] }))
    ),
    acknowledge: async () => undefined,
    readLostHosts: async (query) => (hosts.push(query), { v: 1, isReady: true, lost: [] }),
    ensureMonitor: async () => undefined,
    updateHostList: async () => undefined,
    close: async () => undefined,
  };
  const did = { requests, returns, asked, hosts };
  const entry = hfOperation(name);
  assert.ok(entry, name);
  const { operation } = await entry.load();
  const log = openLog({}, name);
  const session = openSession(env, log, { gateway: async () => gateway });
  const { outcome, failure } = await executeOperation(operation, args, session, log);
  if (outcome) {
    const document = outcome.json();
    assert.doesNotMatch(JSON.stringify(document), /\n/);
    return { document: { ...document }, message: '', ...did };
  }
  const message = failure ? oneLineMessage(failure) : '';
  assert.doesNotMatch(message, /^Internal error|\n|^\s*at |node:internal/);
  assert.notEqual(message, '');
  assert.ok(message.length < 10_000, `a message of ${message.length} characters`);
  assert.deepEqual([requests, returns, asked, hosts], [[], [], [], []]);
  return { message, ...did };
}
