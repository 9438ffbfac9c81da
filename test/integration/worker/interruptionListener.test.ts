import { strict as assert } from 'node:assert';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Client } from '@temporalio/client';
import { createAwsClients, type AwsClients } from '../../../activities/aws/client/clients.ts';
import { createInstanceReader } from '../../../activities/aws/instance/instanceReader.ts';
import {
  createInterruptionQueue,
  type InterruptionQueueSettings,
} from '../../../activities/aws/interruption/interruptionQueue.ts';
import { createLaunchTemplates } from '../../../activities/aws/launchTemplate/launchTemplates.ts';
import { createMachineReader } from '../../../activities/aws/instance/machineReader.ts';
import { createLaunchMethods } from '../../../activities/aws/launch/methods/index.ts';
import { NO_OBSERVER } from '../../../activities/aws/client/awsCallMetrics.ts';
import { createUnavailableOfferings } from '../../../activities/aws/launch/unavailableOfferings.ts';
import type { InterruptionSource } from '../../../activities/provider.ts';
import { unpackObservations, type FleetObservation } from '../../../domain/monitor/observation.ts';
import { policyFor } from '../../../domain/permissions/policy.ts';
import { listenForInterruptions, type InterruptionListener } from '../../../worker/interruptionListener.ts';
import { aTemplate } from '../../fixtures/builders.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { run, startBench, type Harness } from '../../fixtures/cloud/simulatedEc2.ts';
import type { MachinesInterrupted } from '../../../contract/fleetMonitor.ts';

const instance = { deployment: 'test', provider: 'awsinst' };
const STATE_CHANGES = 'EC2 Instance State-change Notification';

describe('the interruption listener', () => {
  let bench: Harness;
  let aws: AwsClients;
  let sqs: SQSClient;
  let source: InterruptionSource;
  let listener: InterruptionListener | undefined;
  let signalled: FleetObservation[];
  let refuseSignals: boolean;
  let logged: string[];
  let reports: string[];

  beforeEach(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
    const started = Date.now();
    // The listener uses the real clock, so the events must be current.
    bench = await startBench({ pendingSeconds: 0, shuttingDownSeconds: 0 }, started);
    aws = createAwsClients({ region: 'us-east-1', endpoint: bench.url, requestShare: 100 });
    sqs = new SQSClient({ region: 'us-east-1', endpoint: bench.url });
    [signalled, logged, reports, refuseSignals] = [[], [], [], false];
  });
  afterEach(async () => {
    await listener?.stop();
    source.close();
    sqs.destroy();
    aws.destroy();
    await bench.close();
  });

  const url = () => `${bench.url}/000000000000/interruptions`;

  function start(settings: Partial<InterruptionQueueSettings> = {}): void {
    const queue: InterruptionQueueSettings = {
      url: url(),
      rebalance: 'note',
      onMalformed: (body) => logged.push(body),
      onRebalanceRecommendation: (machineId) => logged.push(machineId),
      ...settings,
    };
    source = createInterruptionQueue(aws, queue, NO_OBSERVER);
    const signalWithStart = async (_type: string, options: { signalArgs: [MachinesInterrupted] }) => {
      if (refuseSignals) throw new Error('Temporal is down');
      signalled.push(...unpackObservations(options.signalArgs[0].observations));
    };
    const connection = { withDeadline: (_deadline: number, call: () => unknown) => call() };
    const client = { connection, workflow: { signalWithStart } } as unknown as Client;
    const machines = createMachineReader(
      aws,
      createInstanceReader(aws.reading),
      createLaunchMethods(aws, createLaunchTemplates(aws), createUnavailableOfferings()),
      () => undefined,
    );
    listener = listenForInterruptions(source, instance, machines, client, {
      onFailure: (reason) => reports.push(reason),
      onRecovery: () => reports.push('recovered'),
    });
  }

  async function launch(tags: Readonly<Record<string, string>> = {}): Promise<string> {
    const all = {
      'ohf:deployment': instance.deployment,
      'ohf:provider': instance.provider,
      'ohf:request-id': 'req-1',
      ...tags,
    };
    const Tags = Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
    const [id = ''] = await run(bench.ec2, {
      InstanceMarketOptions: { MarketType: 'spot' },
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    });
    return id;
  }
  const send = (MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl: url(), MessageBody }));
  const waiting = async () => (await source.check(AbortSignal.timeout(5_000))).replace(/ .*/, '');
  /** Passes the visibility timeout, so that messages that were received but not removed count too. */
  async function isEmpty(): Promise<boolean> {
    bench.pass(31_000);
    return (await waiting()) === '0';
  }

  it('an interruption notice is signalled to the monitor at once, with its time, and removed from the queue', async () => {
    start();
    const id = await launch();
    const before = Date.now();
    await bench.control.interrupt(id);
    await eventually('the monitor is signalled', () => signalled.length === 1);
    assert.ok(Date.now() - before < 3_000);
    const [observation] = signalled;
    assert.deepEqual(
      [observation?.machineId, observation?.requestId, observation?.state],
      [id, 'req-1', 'running'],
    );
    assert.match(observation?.name ?? '', /^ip-10-.*\.ec2\.internal$/);
    const left = (observation?.interruptionAt ?? 0) - before;
    assert.ok(left > 115_000 && left <= 121_000, `${left} ms`);
    await eventually('the queue is empty', isEmpty);
    const { Statement } = policyFor([aTemplate()], { ...instance, region: '*', account: '*', queue: url() });
    const allowed = Statement.flatMap(({ Action }) => Action).map((name) => name.replace(/^.*:/, ''));
    const called = Object.keys((await bench.control.summary()).calls).map((name) =>
      name.replace(/Batch$/, ''),
    );
    assert.deepEqual(
      called.filter((name) => name !== 'RunInstances' && !allowed.includes(name)),
      [],
    );
  });

  it('notices for foreign machines and duplicates are not signalled, and a message that is not an event is dropped', async () => {
    const foreign = await launch({ 'ohf:deployment': 'other' });
    const own = await launch();
    for (const body of ['{', '[]', '{"detail-type":"AWS Health Event"}']) await send(body);
    for (const id of [foreign, own, own]) await bench.control.interrupt(id);
    await bench.control.interrupt(await launch({ 'ohf:provider': 'another' }));
    start();
    await eventually('all are removed', isEmpty);
    assert.deepEqual(
      signalled.map(({ machineId }) => machineId),
      [own],
    );
    assert.deepEqual(logged, ['{', '[]']);
  });

  it('a notice stays in the queue until the monitor has it', async () => {
    refuseSignals = true;
    start();
    const id = await launch();
    await bench.control.interrupt(id);
    const received = async () =>
      (await bench.control.log()).some(({ action }) => action === 'DescribeInstances');
    await eventually('it was received', received);
    refuseSignals = false;
    await eventually('it is redelivered', () => {
      bench.pass(31_000);
      return signalled.length > 0;
    });
    assert.equal(signalled[0]?.machineId, id);
    await eventually('the queue is empty', isEmpty);
  });

  it('the listener reports that the queue cannot be read, and recovers', async () => {
    const gate = await bench.control.addGate('ReceiveMessage', 'errorBefore', null, {
      code: 'ServiceUnavailable',
      status: 503,
    });
    start();
    await eventually('the failure is reported', () => listener?.failureReason() !== undefined);
    assert.match(listener?.failureReason() ?? '', /^ServiceUnavailable: Injected error/);
    const id = await launch();
    await bench.control.interrupt(id);
    await bench.control.release(gate.id);
    await eventually('the monitor is signalled', () => signalled.length === 1);
    await eventually('the recovery is reported', () => listener?.failureReason() === undefined);
    assert.deepEqual(
      reports.map((text) => text.slice(0, 9)),
      ['ServiceUn', 'recovered'],
    );
  });

  it('a rebalance recommendation is only logged by default', async () => {
    start();
    const id = await launch();
    await bench.control.rebalance(id);
    await eventually('it is logged', () => logged.length === 1);
    assert.deepEqual([logged, signalled], [[id], []]);
    await eventually('the queue is empty', isEmpty);
  });

  it('a rebalance recommendation is signalled if the settings enable it', async () => {
    start({ rebalance: 'report' });
    const id = await launch();
    await bench.control.rebalance(id);
    await eventually('the monitor is signalled', () => signalled.length === 1);
    assert.deepEqual([signalled[0]?.machineId, logged], [id, []]);
    assert.ok((signalled[0]?.interruptionAt ?? 0) > Date.now() + 100_000);
  });

  it('the end of a machine is signalled even before reads of AWS show it', async () => {
    await bench.control.setRules([STATE_CHANGES]);
    start();
    const [ended, stopped] = [await launch(), await launch()];
    await bench.control.addGate('DescribeInstances', 'stale', null, { ms: 0 });
    await bench.control.terminate(ended);
    await bench.control.stop(stopped);
    await eventually(
      'both are signalled',
      () => new Set(signalled.map(({ machineId }) => machineId)).size === 2,
    );
    for (const { machineId, state } of signalled)
      assert.match(state, machineId === ended ? /shutting-down|terminated/ : /stopp/);
  });

  it('a burst of notices becomes few signals', async () => {
    const ids = await Promise.all(Array.from({ length: 45 }, () => launch()));
    for (const id of ids) await bench.control.interrupt(id);
    start();
    await eventually('all are signalled', () => signalled.length === ids.length);
    assert.equal((await bench.control.summary()).calls['DescribeInstances'], 1);
  });
});
