import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { v7 } from 'uuid';
import { dist } from '../../scripts/lib/paths.mjs';
import { Problem } from '../../scripts/lib/problem.mjs';
import { historiesOf } from './histories.mjs';
import { watchProcess } from './process.mjs';

/** Limits concurrent starts: a start without an answer for 3 s is unconfirmed. */
const MAX_CONCURRENT_STARTS = 20;
const POLL_MS = 50;
const TIMEOUT_MS = 300_000;
const OUR_WORKFLOWS = 'WorkflowType IN ("machineRequest", "machineReturn")';
const COMPLETED_RETURNS = 'WorkflowType = "machineReturn" AND ExecutionStatus = "Completed"';
const COMPLETED_BARE = 'WorkflowType = "bare" AND ExecutionStatus = "Completed"';

/**
 * Starts requests and returns as the scripts do, but from one process, because hundreds of scripts at once would measure
 * the start of Node.
 */
export async function openBench(stack, { bootSeconds, endSeconds }) {
  const { loadCliConfig } = await import(path.join(dist, 'config', 'index.js'));
  const { readTemplateForRequest } = await import(path.join(dist, 'config', 'templates', 'ibmTemplates.js'));
  const { openGateway } = await import(path.join(dist, 'cli', 'gateway', 'open.js'));
  const { config } = await loadCliConfig(stack.env);
  const { deployment, name: provider } = config.provider;
  const template = await readTemplateForRequest(
    path.join(stack.folder, 'awsinstprov_templates.json'),
    'demo',
  );
  // The history of 10,000 machines comes in pages that exceed gRPC's default limit.
  const channelArgs = { 'grpc.max_receive_message_length': 128 * 1024 * 1024 };
  const connection = await Connection.connect({ address: stack.address, channelArgs });
  const client = new Client({ connection });
  await control(stack, 'PUT', 'settings', { pendingSeconds: bootSeconds, shuttingDownSeconds: endSeconds });

  /** Starts all workflows at once. @returns their ids, once `areDone` is true */
  async function startAll(prefix, inputs, start, areDone) {
    const gateway = await openGateway(
      { ...config, temporal: { ...config.temporal, deadlineSeconds: 120 } },
      {},
    );
    const ids = inputs.map(() => `${prefix}-${v7()}`);
    const common = { v: 1, deployment, provider, createdAt: Date.now() };
    const starts = ids.map((id, index) => async () => {
      const outcome = await gateway[start]({ ...common, ...inputs[index](id) });
      if (outcome !== 'started') throw new Problem(`${start}: Temporal did not confirm ${id} in time`);
    });
    try {
      await Promise.all(Array.from({ length: MAX_CONCURRENT_STARTS }, () => runQueue(starts)));
    } finally {
      await gateway.close();
    }
    await until(() => areDone(ids));
    return { ids };
  }

  const count = async (query) => (await client.workflow.count(query)).count;
  const hasEnded = async ([id]) =>
    (await client.workflow.getHandle(id).describe()).memo?.hf?.status !== 'running';

  return {
    /** @param counts machines of each request */
    async request(counts) {
      const settledBefore = await count('HfState = "settled"');
      const { deadlineSeconds } = config.request;
      return startAll(
        'req',
        counts.map((machines) => (requestId) => ({ requestId, count: machines, template, deadlineSeconds })),
        'startRequest',
        counts.length === 1
          ? hasEnded
          : async () => (await count('HfState = "settled"')) === settledBefore + counts.length,
      );
    },

    /** @param lists machines of each return */
    async returnMachines(lists) {
      const completedBefore = await count(COMPLETED_RETURNS);
      return startAll(
        'ret',
        lists.map((machines) => (returnId) => ({
          returnId,
          machines: machines.map((machineId) => ({ machineId })),
        })),
        'startReturn',
        async () => (await count(COMPLETED_RETURNS)) === completedBefore + lists.length,
      );
    },

    /** Starts this many bare workflows at once, and waits until all are completed. */
    async bare(workflows) {
      const completedBefore = await count(COMPLETED_BARE);
      await Promise.all(
        Array.from({ length: workflows }, () =>
          client.workflow.start('bare', { taskQueue: 'bare', workflowId: `bare-${v7()}`, args: ['text'] }),
        ),
      );
      await until(async () => (await count(COMPLETED_BARE)) === completedBefore + workflows);
    },

    async machinesOf(requestId) {
      const ids = [];
      for (;;) {
        const page = await client.workflow.getHandle(requestId).query('status', { offset: ids.length });
        ids.push(...page.machines.ids);
        if (ids.length >= page.total) return ids;
      }
    },

    /** @returns the cost of `work`, and its result as `outcome` */
    async measured(work) {
      const before = await callsOf(stack);
      const watched = Object.entries(stack.processes).map(([name, child]) => [name, watchProcess(child)]);
      const began = performance.now();
      const outcome = await work();
      const seconds = (performance.now() - began) / 1_000;
      const used = watched.map(([name, read]) => [name, read()]);
      const { peakMb } = Object.fromEntries(used).worker;
      const cpu = Object.fromEntries(used.map(([name, { cpuSeconds }]) => [name, cpuSeconds]));
      return { outcome, seconds, cpu, peakMb, calls: (await callsOf(stack)) - before };
    },

    historiesOf: (ids) => historiesOf(client, ids),

    /** Waits until every workflow is closed, so that the next measurement runs alone. */
    async awaitIdle() {
      const { live } = await control(stack, 'GET', 'summary');
      if (live > 0) throw new Problem(`${live} machines are alive although all were returned.`);
      await until(async () => (await count(`${OUR_WORKFLOWS} AND ExecutionStatus = "Running"`)) === 0);
    },

    close: () => connection.close(),
  };
}

async function runQueue(tasks) {
  for (let task = tasks.shift(); task; task = tasks.shift()) await task();
}

async function until(condition) {
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; await delay(POLL_MS)) {
    if (await condition()) return;
  }
  throw new Problem(`The measured work did not end within ${TIMEOUT_MS / 60_000} minutes.`);
}

async function callsOf(stack) {
  const { calls } = await control(stack, 'GET', 'summary');
  return Object.values(calls).reduce((total, each) => total + each, 0);
}

async function control({ endpoint }, method, name, body) {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${endpoint}/_simulator/${name}`, init);
  if (!response.ok) throw new Problem(`${method} ${name}: ${response.status} ${await response.text()}`);
  return response.json();
}
