import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import definitions from '@temporalio/proto';
import * as proto from '../../../../cli/gateway/lean/messages.ts';

const root = new URL('../../../../../', import.meta.url);
const { common, workflow, workflowservice } = definitions.temporal.api;

describe('the messages of the lean gateway', () => {
  it('the messages are those that `npm run generate` makes from Temporal’s definitions', async () => {
    const generator: unknown = await import(new URL('scripts/lib/build/proto-messages.mjs', root).href);
    assert.ok(typeof generator === 'object' && generator !== null && 'generateMessages' in generator);
    assert.ok(typeof generator.generateMessages === 'function');
    const file = fileURLToPath(new URL('cli/gateway/lean/messages.ts', root));
    assert.equal(await readFile(file, 'utf8'), generator.generateMessages());
  });

  it('Temporal’s code decodes what the lean gateway encodes', () => {
    const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.alloc(300, 'ü') };
    const bytes = proto.encodeStartWorkflowExecutionRequest({
      namespace: 'default',
      workflowType: { name: 'größe' },
      input: { payloads: [payload, payload] },
      memo: { fields: { hf: payload } },
      workflowIdReusePolicy: proto.WorkflowIdReusePolicy.REJECT_DUPLICATE,
    });
    const read = workflowservice.v1.StartWorkflowExecutionRequest.decode(bytes);
    assert.equal(read.workflowType?.name, 'größe');
    assert.deepEqual(read.input?.payloads?.[1]?.data, payload.data);
    assert.deepEqual(read.memo?.fields?.['hf']?.metadata?.['encoding'], payload.metadata.encoding);
    assert.equal(read.workflowIdReusePolicy, proto.WorkflowIdReusePolicy.REJECT_DUPLICATE);
  });

  it('the lean gateway decodes what Temporal’s code encodes, and skips unknown fields', () => {
    const bytes = workflow.v1.WorkflowExecutionInfo.encode({
      execution: { workflowId: 'req', runId: 'run' },
      type: { name: 'machineRequest' },
      startTime: { nanos: 5 },
      status: 2,
      taskQueue: 'queue',
      memo: { fields: { a: { data: Buffer.from('1') }, b: { data: Buffer.from('2') } } },
      priority: { fairnessWeight: 0.5 },
    }).finish();
    const read = proto.decodeWorkflowExecutionInfo(bytes);
    assert.equal(read.execution?.runId, 'run');
    assert.equal(read.status, proto.WorkflowExecutionStatus.COMPLETED);
    assert.deepEqual(Object.keys(read.memo?.fields ?? {}), ['a', 'b']);
    assert.deepEqual(read.memo?.fields?.['b']?.data, Buffer.from('2'));
  });

  it('the lean gateway rejects truncated messages', () => {
    const bytes = common.v1.Payloads.encode({ payloads: [{ data: Buffer.alloc(40) }] }).finish();
    for (const length of [1, 2, 10, bytes.length - 1]) {
      assert.throws(() => proto.decodePayloads(bytes.subarray(0, length)), /truncated or damaged/);
    }
  });
});
