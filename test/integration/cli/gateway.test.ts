import assert from 'node:assert/strict';
import { v7 } from 'uuid';
import type { Machine } from '../../../domain/machine/machine.ts';
import { packMachines } from '../../../domain/machine/packed.ts';
import { monitorId } from '../../../contract/ids.ts';
import { onDemand, scratch, type Scratch } from '../../fixtures/scratch.ts';
import { failureMessage, ohf, oneDocument, run, SCRIPTS } from '../../fixtures/commandLine.ts';
import {
  completeNext,
  continueNext,
  startDevServer,
  type DevServer,
} from '../../fixtures/temporal/devServer.ts';
import { startForgetfulProxy } from '../../fixtures/temporal/droppingProxy.ts';
import type { StatusView } from '../../../domain/request/statusView.ts';

const QUEUE = 'ohf-embedded-awsinst';

const machines = Array.from({ length: 1_000 }, (_, index): Machine => ({
  machineId: `i-${index}`,
  name: `ip-10-0-${index >> 8}-${index & 255}.ec2.internal`,
  privateIp: `10.0.${index >> 8}.${index & 255}`,
  publicIp: '',
  launchTime: 1_734_619_942,
  instanceType: 'm5.large',
  spot: false,
  state: 'running',
  reason: '',
  result: 'succeed',
  message: '',
  units: 1,
  release: 'held',
}));
const settled: StatusView = {
  v: 1,
  status: 'complete',
  message: 'done',
  total: machines.length,
  offset: 0,
  machines: packMachines(machines),
};

for (const kind of ['lean', 'sdk'] as const) {
  describe(`the operations over the ${kind} client, without a worker`, () => {
    operations(kind);
  });
}

function operations(kind: 'lean' | 'sdk'): void {
  let temporal: DevServer;
  let files: Scratch;
  let env: Record<string, string>;
  before(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', {
      templates: [
        onDemand({
          templateId: 'demo',
          maxNumber: 100,
          userDataScript: await files.write('boot.sh', '#!/bin/sh'),
        }),
      ],
    });
    temporal = await startDevServer();
    env = {
      HF_PROVIDER_CONFDIR: files.directory,
      OHF_AWS_ENDPOINT: 'http://127.0.0.1:1',
      TEMPORAL_ADDRESS: temporal.address,
      OHF_GATEWAY: kind,
    };
  });
  after(async () => {
    await temporal?.stop();
    await files.remove();
  });

  const call = async (...args: string[]): Promise<Record<string, unknown>> => {
    const outcome = await ohf(args, env);
    const document = oneDocument(outcome);
    assert.equal(outcome.code, 0, outcome.stdout);
    assert.ok(outcome.ms < 10_000);
    return document;
  };
  const started = async (...args: string[]): Promise<string> => String((await call(...args))['requestId']);
  const statuses = async (...ids: string[]): Promise<Record<string, unknown>[]> => {
    const { requests } = await call('getRequestStatus', ...ids);
    assert.ok(Array.isArray(requests));
    return requests.map((request: unknown) => ({ ...(request as object) }));
  };

  it(`requestMachines over the ${kind} client starts the workflow under the id that it prints`, async () => {
    const id = await started('requestMachines', 'demo', '5');
    assert.match(id, /^req-[0-9a-f-]{36}$/);
    const workflow = await temporal.client.workflow.getHandle(id).describe();
    assert.equal(workflow.type, 'machineRequest');
    assert.equal(workflow.taskQueue, QUEUE);
    assert.deepEqual(workflow.memo, { hf: { v: 1, status: 'running', message: '' } });
    assert.equal(await workflow.staticSummary(), '5 x demo for awsinst');
    assert.match((await workflow.staticDetails()) ?? '', /demo/);
    const { HfCount, HfProvider, HfRequestType, HfState, HfTemplate } = workflow.searchAttributes;
    assert.deepEqual(
      [HfCount, HfProvider, HfRequestType, HfState, HfTemplate],
      [[5], ['awsinst'], ['create'], ['provisioning'], ['demo']],
    );
    const { events } = await temporal.client.workflow.getHandle(id).fetchHistory();
    const data = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    const input: unknown = JSON.parse(Buffer.from(data ?? []).toString());
    assert.ok(typeof input === 'object' && input !== null && 'template' in input && 'requestId' in input);
    assert.equal(input.requestId, id);
    assert.match(JSON.stringify(input.template), /"userData":"#!\/bin\/sh"/);
  });

  it(`concurrent calls of requestMachines over the ${kind} client get different ids`, async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, () => started('requestMachines', 'demo', '1')));
    assert.equal(new Set(ids).size, 5);
  });

  it(`requestReturnMachines over the ${kind} client starts one return that has each machine once`, async () => {
    const id = await started('requestReturnMachines', 'i-1', 'ip-10-0-0-1.ec2.internal', 'i-1');
    const workflow = await temporal.client.workflow.getHandle(id).describe();
    assert.equal(workflow.type, 'machineReturn');
    assert.deepEqual(workflow.searchAttributes['HfCount'], [2]);
    assert.deepEqual(workflow.searchAttributes['HfState'], ['returning']);
  });

  it(`requestReturnMachines over the ${kind} client prints "No Active VM." and an id for an empty list`, async () => {
    const { message, requestId } = await call('requestReturnMachines', '-d', '{"machines":[]}');
    assert.equal(message, 'No Active VM.');
    assert.match(String(requestId), /^ret-/);
  });

  it(`a request is running over the ${kind} client while no worker has started its workflow`, async () => {
    const id = await started('requestMachines', 'demo', '5');
    assert.deepEqual(await statuses(id), [{ requestId: id, status: 'running', message: '', machines: [] }]);
  });

  it(`getRequestStatus over the ${kind} client fails for an unknown id that may be older than the monitor`, async () => {
    const ids = ['getRequestStatus', `req-01989c9e-7a0b-7c3d-9e4f-0123456789ab`];
    assert.match(failureMessage(await ohf(ids, env)), /neither req-.* nor the monitor of this provider/);
    const { requests } = await call('getReturnRequests', 'i-0123456789abcdef0');
    assert.deepEqual(requests, []);
    const monitor = await temporal.client.workflow.getHandle(monitorId('embedded', 'awsinst')).describe();
    assert.deepEqual([monitor.type, monitor.taskQueue], ['fleetMonitor', QUEUE]);
    assert.match(failureMessage(await ohf(ids, env)), /unknown whether machines of it are alive/);
  });

  it(`getRequestStatus over the ${kind} client answers requests, returns and unknown ids in order and once each`, async () => {
    const create = await started('requestMachines', 'demo', '1');
    const returnId = await started('requestReturnMachines', 'i-1');
    const unknown = `req-01989c9e-7a0b-7c3d-9e4f-0123456789ab`;
    const young = `req-${v7()}`;
    const rows = await statuses(unknown, create, 'nonsense', returnId, create, young);
    assert.deepEqual(
      rows.map(({ requestId, status }) => [requestId, status]),
      [
        // It is older than the monitor, and without a worker nobody knows whether a machine of it is alive.
        [unknown, 'running'],
        [create, 'running'],
        ['nonsense', 'complete_with_error'],
        [returnId, 'running'],
        [young, 'running'],
      ],
    );
    const one = JSON.stringify({ requests: { requestId: create } });
    const { requests } = await call('getRequestStatus', '-d', one);
    assert.ok(Array.isArray(requests) && requests.length === 1);
  });

  it(`a request over the ${kind} client is complete_with_error once an operator terminated its workflow`, async () => {
    const id = await started('requestMachines', 'demo', '1');
    await temporal.client.workflow.getHandle(id).terminate('by an operator');
    const [row] = await statuses(id);
    assert.equal(row?.['status'], 'complete_with_error');
    assert.match(String(row?.['message']), /TERMINATED/);
  });

  it(`getRequestStatus over the ${kind} client reads all machines from carried state and from a result without a worker`, async () => {
    const own = { ...env, OHF_DEPLOYMENT: 'carried' };
    const request = await ohf(['requestMachines', 'demo', '100'], own);
    const id = String(oneDocument(request)['requestId']);
    const { status, message } = settled;
    const carriedState = {
      v: 1,
      status,
      message,
      cancelled: false,
      machines: settled.machines,
      openReturns: [],
    };
    const memo = { v: 1, status, message };
    const queue = 'ohf-carried-awsinst';
    await continueNext(temporal.client, queue, { v: 1, requestId: id, carriedState }, memo);
    const [carriedRow] = await statuses(id);
    await completeNext(temporal.client, queue, settled);
    const [resultRow] = await statuses(id);
    assert.deepEqual(carriedRow, resultRow);
    assert.equal(carriedRow?.['status'], 'complete');
    const rows = carriedRow?.['machines'];
    assert.ok(Array.isArray(rows));
    assert.equal(rows.length, 1_000);
    assert.deepEqual(rows[999], {
      machineId: 'i-999',
      name: 'ip-10-0-3-231.ec2.internal',
      result: 'succeed',
      status: 'running',
      privateIpAddress: '10.0.3.231',
      publicIpAddress: null,
      launchtime: 1_734_619_942,
      instanceType: 'm5.large',
      priceType: 'ondemand',
      instanceTags: '',
      cloudHostId: null,
      message: '',
    });
  });

  it(`requestMachines over the ${kind} client prints the id if the server accepted the start and its answer was lost`, async () => {
    const proxy = await startForgetfulProxy(temporal.address, 'machineRequest');
    const outcome = await ohf(['requestMachines', 'demo', '1'], { ...env, TEMPORAL_ADDRESS: proxy.address });
    proxy.stop();
    assert.equal(outcome.code, 0);
    assert.ok(outcome.ms < 10_000);
    const { requestId, message } = oneDocument(outcome);
    assert.match(String(message), /not confirmed/);
    const [row] = await statuses(String(requestId));
    assert.equal(row?.['status'], 'running');
    assert.equal(
      (await temporal.client.workflow.getHandle(String(requestId)).describe()).status.name,
      'RUNNING',
    );
  });

  it(`requestReturnMachines over the ${kind} client fails if the answer was lost, because the return may be repeated`, async () => {
    const proxy = await startForgetfulProxy(temporal.address, 'machineReturn');
    const input = JSON.stringify({ machines: [{ machineId: 'i-0123456789abcdef0' }] });
    const outcome = await ohf(['requestReturnMachines', '-d', input], {
      ...env,
      TEMPORAL_ADDRESS: proxy.address,
    });
    proxy.stop();
    assert.ok(outcome.ms < 10_000);
    assert.match(failureMessage(outcome), /did not confirm the return in time. Return the machines again/);
  });

  it(`the operations over the ${kind} client fail, and report nothing as complete, if the namespace is missing`, async () => {
    const other = { ...env, TEMPORAL_NAMESPACE: 'nowhere' };
    const id = 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab';
    for (const args of [
      ['requestMachines', 'demo', '1'],
      ['getRequestStatus', id],
    ]) {
      assert.match(failureMessage(await ohf(args, other)), /Namespace.*nowhere.*not found|nowhere/);
    }
  });

  it(`the script requestMachines.sh works over the ${kind} client with Host Factory’s input`, async () => {
    const input = await files.write(
      'hf_in_1',
      `{\n\t"template":\t{\n\t\t"templateId":\t"demo",\n\t\t"machineCount":\t2\n\t}\n}`,
    );
    const outcome = await run(`${SCRIPTS}/requestMachines.sh`, ['-f', input], {
      env: { ...env, OHF_NODE: process.execPath },
    });
    assert.match(String(oneDocument(outcome)['requestId']), /^req-/);
  });
}
