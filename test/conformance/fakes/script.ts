import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import { simulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { FAKES } from './all.ts';
import type { Said } from './fake.ts';

/* What the scripts of a fake run: the true script, and what the fake makes of it. */
const [index = '', scripts = '', folder = '', awsUrl = '', operation = '', ...args] = process.argv.slice(2);
const fake = FAKES[Number(index)];
if (!fake) throw new Error(`There is no fake ${index}.`);

function run(which: string, given: readonly string[], env: NodeJS.ProcessEnv): Said {
  const { FAKED_NODE_OPTIONS, FAKED_NODE_DEBUG, ...others } = env;
  const { status, stdout, stderr } = spawnSync(path.join(scripts, `${which}.sh`), given, {
    encoding: 'utf8',
    env: {
      ...others,
      ...(FAKED_NODE_OPTIONS && { NODE_OPTIONS: FAKED_NODE_OPTIONS }),
      ...(FAKED_NODE_DEBUG && { NODE_DEBUG: FAKED_NODE_DEBUG }),
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: status ?? 1, stdout, stderr };
}

function read(file: string | undefined): string {
  if (args[0] !== '-f' || file === undefined) return '';
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const { code, stdout, stderr } = await fake.act({
  operation: operation as HfOperation,
  args,
  folder,
  input: read(args[1]),
  aws: simulatorControl(awsUrl),
  really({ operation: which = operation, input, env } = {}) {
    const environment = { ...process.env, ...env };
    if (input === undefined) return run(which, args, environment);
    const file = path.join(folder, `in-${process.pid}`);
    writeFileSync(file, JSON.stringify(input));
    const said = run(which, ['-f', file], environment);
    rmSync(file);
    return said;
  },
});
process.stderr.write(stderr ?? '');
process.stdout.write(stdout);
process.exitCode = code;
