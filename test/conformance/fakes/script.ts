import path from 'node:path';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import { FAKES } from './all.ts';
import { answerOf } from './fake.ts';
import { runTrueScript } from './trueScript.ts';

/* What the scripts of a fake with a process of its own run: the true script, and what the fake makes of it. */
const [index = '', scripts = '', folder = '', awsUrl = '', operation = '', ...args] = process.argv.slice(2);
const fake = FAKES[Number(index)];
if (!fake) throw new Error(`There is no fake ${index}.`);

// What a check passes to Node is meant for the true script.
const { FAKED_NODE_OPTIONS, FAKED_NODE_DEBUG, ...others } = process.env;
const env = {
  ...others,
  ...(FAKED_NODE_OPTIONS && { NODE_OPTIONS: FAKED_NODE_OPTIONS }),
  ...(FAKED_NODE_DEBUG && { NODE_DEBUG: FAKED_NODE_DEBUG }),
};
const { code, stdout, stderr } = await answerOf(
  fake,
  folder,
  awsUrl,
)({
  operation: operation as HfOperation,
  args,
  env,
  really: ({ operation: which = operation, input, env: more } = {}) =>
    runTrueScript({
      command: [path.join(scripts, `${which}.sh`)],
      args,
      input,
      env: { ...env, ...more },
    }),
});
process.stderr.write(stderr ?? '');
process.stdout.write(stdout);
process.exitCode = code;
