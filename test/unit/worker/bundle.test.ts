import { strict as assert } from 'node:assert';
import { bundleWorkflows, checkBundle } from '../../../worker/bundle.ts';

describe('the workflow bundle check', () => {
  it('the bundle of our workflows passes the bundle check', async () => {
    assert.match(await bundleWorkflows(), /machineRequest/);
  });

  it('a workflow bundle of more than 2 MB is rejected', () => {
    assert.throws(() => checkBundle('x'.repeat(2 * 1024 * 1024 + 1)), /the maximum is 2097152/);
  });

  for (const name of ['@aws-sdk/client-ec2', '@smithy/core', 'zod']) {
    it(`a workflow bundle that contains ${name} is rejected`, () => {
      assert.throws(() => checkBundle(`/* ./node_modules/${name}/index.js */`), /must not import/);
    });
  }
});
