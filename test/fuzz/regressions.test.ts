import assert from 'node:assert/strict';
import { onDemand, scratch, type Scratch } from '../fixtures/scratch.ts';
import { call } from './caller.ts';

/** Each was answered with an internal error, or worse, when made-up input found it. */
describe('inputs that once failed', () => {
  let files: Scratch;
  let env: Record<string, string>;
  before(async () => {
    files = await scratch();
    await files.write('awsinstprov_templates.json', { templates: [onDemand({ templateId: 'demo' })] });
    env = { HF_PROVIDER_CONFDIR: files.directory, OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' };
  });
  after(() => files.remove());

  it('an invalid value of 50,000 levels is named in the error', async () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    const { message } = await call('requestMachines', ['-d', `{"template":${deep}}`], env);
    assert.match(message, /template is an array of too many levels; allowed: an object/);
  });
});
