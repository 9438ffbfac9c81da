import { strict as assert } from 'node:assert';
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateTagsCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { simulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { ec2At, fleet, fleetIds, makeTemplate, run, startBench } from '../../fixtures/cloud/simulatedEc2.ts';

const serverChild = fileURLToPath(new URL('./serverChild.js', import.meta.url));

describe('a simulator with a state file', () => {
  let folder: string;
  let stateFile: string;
  let children: ChildProcess[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohf-simulator-'));
    stateFile = join(folder, 'state.jsonl');
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  async function startChild(): Promise<{ child: ChildProcess; url: string }> {
    const child = fork(serverChild, [stateFile], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    children.push(child);
    const [url] = (await once(child, 'message')) as [string];
    return { child, url };
  }

  it('a restarted simulator has all of its previous state', async () => {
    const before = await startBench({ stateFile });
    const template = await makeTemplate(before.ec2);
    const first = await fleet(before.ec2, template, 3, undefined, { ClientToken: 'fleet' });
    const [ended = '', tagged = ''] = fleetIds(first);
    await before.ec2.send(new TerminateInstancesCommand({ InstanceIds: [ended] }));
    await before.ec2.send(new CreateTagsCommand({ Resources: [tagged], Tags: [{ Key: 'a', Value: 'b' }] }));
    await before.control.setSettings({ consistencyLagMs: 7 });
    await before.control.setPools([{ instanceType: 'm5.large', capacity: 2 }]);
    const known = async (bench: typeof before) => [
      await bench.control.instances(),
      await bench.control.fleets(),
      await bench.control.log(),
      await bench.control.summary(),
      await bench.control.settings(),
    ];
    const was = await known(before);
    await before.close();

    const after = await startBench({ stateFile });
    try {
      assert.deepEqual(await known(after), was);
      const again = await fleet(after.ec2, template, 3, undefined, { ClientToken: 'fleet' });
      assert.deepEqual(fleetIds(again), fleetIds(first));
      // The offering is still full: two of its two instances are live.
      await assert.rejects(run(after.ec2), { name: 'InsufficientInstanceCapacity' });
      assert.equal((await after.control.log()).at(-1)?.seq, was.length + 1);
    } finally {
      await after.close();
    }
  });

  it('a simulator killed during calls loses nothing that it has responded to', async () => {
    const { child, url } = await startChild();
    const ec2 = ec2At(url);
    const answered: string[] = [];
    const enough = new Promise<void>((resolve) => {
      const caller = async (name: string): Promise<void> => {
        for (let turn = 0; ; turn += 1) {
          answered.push(...(await run(ec2, { MaxCount: 20, ClientToken: `${name}-${turn}` })));
          if (answered.length > 200) resolve();
        }
      };
      for (const name of ['a', 'b', 'c']) caller(name).catch(() => undefined);
    });
    await enough;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    ec2.destroy();

    const again = await startChild();
    const control = simulatorControl(again.url);
    const { liveIds } = await control.summary();
    const live = new Set(liveIds);
    assert.deepEqual(
      answered.filter((id) => !live.has(id)),
      [],
    );
    assert.deepEqual(
      (await control.log()).flatMap((entry) => entry.launched),
      liveIds,
    );
    const replayed = await run(ec2At(again.url), { MaxCount: 20, ClientToken: 'a-0' });
    assert.ok(replayed.every((id) => live.has(id)));
  });

  it('a torn last line counts as a call that never happened', async () => {
    const before = await startBench({ stateFile });
    const launched = await run(before.ec2);
    await before.close();
    await appendFile(stateFile, '{"launched":[{"id":"i-0');
    const after = await startBench({ stateFile });
    assert.deepEqual((await after.control.summary()).liveIds, launched);
    await after.close();
    assert.ok((await readFile(stateFile, 'utf8')).endsWith('}\n'));
  });

  it('a simulator does not start from a state file that is damaged in the middle', async () => {
    const before = await startBench({ stateFile });
    await before.close();
    await appendFile(stateFile, 'damage\n{}\n');
    await assert.rejects(startBench({ stateFile }), /damaged at line/);
  });

  it('a reset removes all state', async () => {
    const before = await startBench({ stateFile });
    await run(before.ec2);
    await before.control.reset();
    await before.close();
    const after = await startBench({ stateFile });
    assert.equal((await after.control.summary()).launchedEver, 0);
    assert.deepEqual(await after.control.log(), []);
    await after.close();
  });
});
