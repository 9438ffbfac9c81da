import { strict as assert } from 'node:assert';
import { bundleWorkflows, checkBundle } from '../../../worker/bundle.ts';

describe('the check of the workflow bundle', () => {
  it('passes the bundle of our workflows', async function () {
    this.timeout(60_000);
    assert.match(await bundleWorkflows(), /machineRequest/);
  });

  it('refuses a bundle of more than 2 MB', () => {
    assert.throws(() => checkBundle('x'.repeat(2 * 1024 * 1024 + 1)), /2097152 are allowed/);
  });

  for (const name of ['@aws-sdk/client-ec2', '@smithy/core', 'zod']) {
    it(`refuses a bundle that holds ${name}`, () => {
      assert.throws(() => checkBundle(`/* ./node_modules/${name}/index.js */`), /may not import it/);
    });
  }
});
