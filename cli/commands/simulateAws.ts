import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { readJsonObject } from '../../config/input/jsonFile.ts';
import { isObject } from '../../domain/isObject.ts';
import { ValidationError } from '../../domain/errors/errors.ts';
import type { Fault } from '../../simulator/gates.ts';
import { switchOption, textOption } from '../args/fields.ts';
import { defineCommand } from '../operations/operation.ts';
import { writeStdout } from '../output/writeStdout.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

const numberOption = (flag: string, description: string, max: number) => {
  const allowed = `a number from 0 to ${max}`;
  return z.optional(
    z.number(allowed).check(z.gte(0, allowed), z.lte(max, allowed), z.meta({ flag, description })),
  );
};

const PORT = 'a number from 0 to 65535';

/** Serves a simulated AWS until SIGINT or SIGTERM, and prints its URL once it listens. */
export const operation = defineCommand({
  schema: () =>
    z.object({
      port: z.optional(
        z
          .number(PORT)
          .check(
            z.int(PORT),
            z.gte(0, PORT),
            z.lte(65_535, PORT),
            z.meta({ flag: '--port <n>', description: 'TCP port (default: any free one)' }),
          ),
      ),
      state: textOption('--state <file>', 'File that keeps its machines across restarts'),
      pendingSeconds: numberOption('--pending-seconds <s>', 'How long a machine takes to start', 86_400),
      shuttingDownSeconds: numberOption(
        '--shutting-down-seconds <s>',
        'How long a machine takes to terminate',
        86_400,
      ),
      consistencyLagMs: numberOption(
        '--consistency-lag-ms <ms>',
        'How long reads do not show a change',
        3_600_000,
      ),
      throttle: switchOption('--throttle', "Apply AWS's published request rates"),
      faults: textOption('--faults <file>', 'Faults to inject: {"faults": [{"action", "mode", ...}]}'),
    }),
  scope: 'process',
  examples: [
    'simulate-aws --port 4566 --state aws.jsonl',
    'simulate-aws --port 4566 --throttle --faults faults.json',
  ],
  run: serve,
  text: () => '',
});

interface Input {
  readonly port?: number | undefined;
  readonly state?: string | undefined;
  readonly pendingSeconds?: number | undefined;
  readonly shuttingDownSeconds?: number | undefined;
  readonly consistencyLagMs?: number | undefined;
  readonly throttle?: boolean | undefined;
  readonly faults?: string | undefined;
}

async function serve({
  port,
  state,
  pendingSeconds,
  shuttingDownSeconds,
  consistencyLagMs,
  ...input
}: Input) {
  const throttle = input.throttle ? 1 : undefined;
  const faults = input.faults === undefined ? [] : await readFaults(input.faults);
  const { startSimulator } = await import('../../simulator/server.ts');
  const stopped = new Promise<void>((stop) => {
    process.once('SIGINT', () => stop());
    process.once('SIGTERM', () => stop());
  });
  const simulator = await startSimulator({
    ...(port === undefined ? {} : { port }),
    ...(state === undefined ? {} : { stateFile: resolve(state) }),
    ...(pendingSeconds === undefined ? {} : { pendingSeconds }),
    ...(shuttingDownSeconds === undefined ? {} : { shuttingDownSeconds }),
    ...(consistencyLagMs === undefined ? {} : { consistencyLagMs }),
    ...(throttle === undefined ? {} : { throttle }),
    faults,
  }).catch((error: unknown) => {
    throw new ValidationError(`The simulated AWS cannot start: ${messageOf(error)}`, { cause: error });
  });
  await writeStdout(`simulated AWS listens on ${simulator.url}\n`);
  await stopped;
  await simulator.close();
  return {};
}

/** Reads a JSON list of faults, each in the form that the control endpoint accepts. */
async function readFaults(path: string): Promise<readonly Fault[]> {
  const file = await readJsonObject(path, 'faults file');
  const { readFault } = await import('../../simulator/gates.ts');
  const { faults } = file;
  if (!Array.isArray(faults))
    throw new ValidationError(`The faults file ${path} has no list "faults"; see docs/simulated-aws.md.`);
  return faults.map((fault: unknown, index) => {
    try {
      return readFault(isObject(fault) ? fault : {});
    } catch (error) {
      throw new ValidationError(`faults[${index}] of ${path}: ${messageOf(error)}.`, { cause: error });
    }
  });
}
