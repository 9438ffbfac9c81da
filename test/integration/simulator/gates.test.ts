import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { GateMode } from '../../fixtures/cloud/simulatorClient.ts';
import { ids, run, startBench } from '../../fixtures/cloud/simulatedEc2.ts';
import type { Harness } from '../../fixtures/cloud/simulatedEc2.ts';

const clientChild = fileURLToPath(new URL('./clientChild.js', import.meta.url));

describe('a gate of the simulator', () => {
  let bench: Harness;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    await bench.close();
  });

  /** The log entry of each call: outcome, instances launched, gate. */
  async function loggedCalls(): Promise<[string, number, string | undefined][]> {
    const log = await bench.control.log();
    return log.map((entry) => [entry.outcome, entry.launched.length, entry.gate]);
  }

  /** A client process calls RunInstances, and is killed when the call is at the gate. */
  async function killClientAt(mode: GateMode): Promise<string> {
    const gate = await bench.control.addGate('RunInstances', mode);
    const child = fork(clientChild, [bench.url], { stdio: 'ignore' });
    await bench.control.whenArrived(gate.id);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    return gate.id;
  }

  it('a gate that holds delays a call’s effect until the release', async () => {
    const gate = await bench.control.addGate('RunInstances', 'hold');
    const call = run(bench.ec2);
    assert.equal((await bench.control.whenArrived(gate.id)).arrived, 1);
    assert.deepEqual(await loggedCalls(), []);
    await bench.control.release(gate.id);
    assert.equal((await call).length, 1);
    assert.deepEqual(await loggedCalls(), [['ok', 1, 'hold']]);
  });

  it('a held call has no effect if its client was killed', async () => {
    const gate = await killClientAt('hold');
    await bench.control.release(gate);
    // The server processes the next call only after the released one.
    await run(bench.ec2);
    assert.deepEqual(await loggedCalls(), [
      ['dropped', 0, 'hold'],
      ['ok', 1, undefined],
    ]);
  });

  it('a call whose response is held keeps its effect when the client is killed', async () => {
    const gate = await killClientAt('holdAfter');
    assert.deepEqual(await loggedCalls(), [['ok', 3, 'holdAfter']]);
    await bench.control.release(gate);
    assert.equal((await run(bench.ec2, { ClientToken: 'killed', MaxCount: 3 })).length, 3);
    assert.equal((await bench.control.summary()).launchedEver, 3);
  });

  it('a held response is sent after the release', async () => {
    const gate = await bench.control.addGate('RunInstances', 'holdAfter');
    const call = run(bench.ec2);
    await bench.control.whenArrived(gate.id);
    assert.equal((await bench.control.summary()).live, 1);
    await bench.control.release(gate.id);
    assert.deepEqual(await call, (await bench.control.summary()).liveIds);
  });

  it('a gate that drops before the effect closes the connection without effect', async () => {
    const gate = await bench.control.addGate('RunInstances', 'dropBefore');
    await assert.rejects(run(bench.ec2, { ClientToken: 'token' }), { code: 'ECONNRESET' });
    assert.equal((await bench.control.gate(gate.id)).arrived, 1);
    assert.deepEqual(await loggedCalls(), [['dropped', 0, 'dropBefore']]);
    await run(bench.ec2, { ClientToken: 'token' });
    assert.equal((await bench.control.summary()).launchedEver, 1);
  });

  it('a gate that drops after the effect loses the response, and the same token finds the effect', async () => {
    await bench.control.addGate('RunInstances', 'dropAfter');
    await assert.rejects(run(bench.ec2, { ClientToken: 'token' }), { code: 'ECONNRESET' });
    const launched = await run(bench.ec2, { ClientToken: 'token' });
    const log = await bench.control.log();
    assert.deepEqual(log[0]?.launched, launched);
    assert.deepEqual(await loggedCalls(), [
      ['dropped', 1, 'dropAfter'],
      ['ok', 0, undefined],
    ]);
  });

  it('a gate takes as many calls as its count, and only of its action', async () => {
    const gate = await bench.control.addGate('RunInstances', 'hold', 2);
    const held = [run(bench.ec2), run(bench.ec2)];
    await bench.control.whenArrived(gate.id);
    const [id = ''] = await run(bench.ec2);
    await bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    assert.equal((await bench.control.summary()).launchedEver, 1);
    await bench.control.clearGates();
    await Promise.all(held);
    assert.equal((await bench.control.summary()).launchedEver, 3);
    assert.deepEqual(await bench.control.gates(), []);
  });

  it('a wait at a gate reports when no call arrives', async () => {
    const gate = await bench.control.addGate('RunInstances', 'hold');
    await assert.rejects(bench.control.whenArrived(gate.id, { timeoutMs: 1 }), /408/);
    await assert.rejects(bench.control.release('none'), /404/);
  });

  it('a reset ends the held calls of a gate', async () => {
    const gate = await bench.control.addGate('RunInstances', 'hold');
    const call = assert.rejects(run(bench.ec2), { code: 'ECONNRESET' });
    await bench.control.whenArrived(gate.id);
    await bench.control.reset();
    await call;
    assert.deepEqual(await bench.control.log(), []);
    assert.equal((await bench.control.summary()).launchedEver, 0);
  });

  it('an error gate returns its error before or after the effect', async () => {
    await bench.control.addGate('RunInstances', 'errorBefore', 1, { code: 'RequestLimitExceeded' });
    await assert.rejects(run(bench.ec2, { ClientToken: 'token' }), { name: 'RequestLimitExceeded' });
    await bench.control.addGate('RunInstances', 'errorAfter');
    await assert.rejects(run(bench.ec2, { ClientToken: 'token' }), { name: 'InternalError' });
    await run(bench.ec2, { ClientToken: 'token' });
    assert.deepEqual(await loggedCalls(), [
      ['RequestLimitExceeded', 0, 'errorBefore'],
      ['InternalError', 1, 'errorAfter'],
      ['ok', 0, undefined],
    ]);
  });

  it('a partial gate limits how many instances a call launches', async () => {
    await bench.control.addGate('RunInstances', 'partial', 1, { keep: 2 });
    assert.equal((await run(bench.ec2, { MaxCount: 5 })).length, 2);
  });

  it('a stale gate shows past state and a shuffling gate another order', async () => {
    const [first = '', second = ''] = await run(bench.ec2, { MaxCount: 2 });
    const listed = async () => {
      const { Reservations = [] } = await bench.ec2.send(new DescribeInstancesCommand({}));
      return Reservations.flatMap(({ Instances }) => ids(Instances));
    };
    bench.pass(1_000);
    await bench.control.addGate('DescribeInstances', 'stale', 1, { ms: 2_000 });
    assert.deepEqual(await listed(), []);
    await bench.control.addGate('DescribeInstances', 'shuffle');
    assert.deepEqual(await listed(), [second, first]);
    assert.deepEqual(await listed(), [first, second]);
  });

  it('a gate takes calls after a number of others, at an interval, or by chance', async () => {
    const outcomes = async (): Promise<string[]> => {
      const before = (await bench.control.log()).length;
      for (let call = 0; call < 20; call += 1) await run(bench.ec2).catch(() => {});
      await bench.control.clearGates();
      return (await bench.control.log()).slice(before).map(({ outcome }) => (outcome === 'ok' ? '.' : 'x'));
    };
    await bench.control.addGate('RunInstances', 'errorBefore', 3, { skip: 2, every: 4 });
    assert.equal((await outcomes()).join(''), '.....x...x...x......');
    const byChance = async (): Promise<string> => {
      await bench.control.addGate('RunInstances', 'errorBefore', null, { chance: 0.3, seed: 7 });
      return (await outcomes()).join('');
    };
    const first = await byChance();
    assert.match(first, /x/);
    assert.match(first, /\./);
    assert.equal(await byChance(), first);
  });

  it('a gate can be limited to calls with a certain parameter, such as all pages but the first', async () => {
    await run(bench.ec2, { MinCount: 7, MaxCount: 7 });
    await bench.control.addGate('DescribeInstances', 'errorBefore', null, { having: 'NextToken' });
    const page = await bench.ec2.send(new DescribeInstancesCommand({ MaxResults: 5 }));
    const { NextToken } = page;
    assert.ok(NextToken);
    await assert.rejects(bench.ec2.send(new DescribeInstancesCommand({ MaxResults: 5, NextToken })), {
      name: 'InternalError',
    });
  });

  it('the control endpoint reports what is wrong with a gate', async () => {
    await assert.rejects(
      bench.control.addGate('RunInstances', 'delay', 0),
      /count: expected a number from 1/,
    );
    const odd = { often: 2 } as object;
    await assert.rejects(
      bench.control.addGate('RunInstances', 'delay', 1, odd),
      /often: expected one of skip/,
    );
  });
});
