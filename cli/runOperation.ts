import { describeIssues } from '../config/input/issues.ts';
import type { Environment } from '../config/index.ts';
import type { JsonObject } from '../config/input/jsonFile.ts';
import { ValidationError } from '../domain/errors/errors.ts';
import { parseArgv } from './args/argv.ts';
import {
  createCommandBus,
  createQueryBus,
  oneLineMessage,
  type BusOptions,
  type Execution,
} from './bus/bus.ts';
import { openSession, type Session } from './bus/session.ts';
import { errorDetails, openLog, type Log } from './log.ts';
import type { Command, Outcome, Query, Validate } from './operations/operation.ts';
import type { RegistryEntry } from './operations/registry.ts';
import { jsonLine, writeStdout } from './output/writeStdout.ts';
import { rejectWindows } from './platform.ts';

/**
 * Runs one operation for Host Factory: exactly one JSON document on standard output, also for a failure,
 * and nothing on standard error.
 * @returns the exit code, 0 or 1
 */
export async function runOperation(
  { name, load }: RegistryEntry,
  args: readonly string[],
  env: Environment,
): Promise<number> {
  const log = openLog(env, name);
  const session = openSession(env, log, { visibility: () => import('./gateway/visibility.ts') });
  // Host Factory may read both streams as one document; Node's own warnings would break it.
  process.removeAllListeners('warning');
  const { operation } = await load();
  const execution = await executeOperation(operation, args, session, log, crashOfProcess());
  const { outcome, failure, record } = execution;
  const document = outcome?.json() ?? { message: failure ? oneLineMessage(failure) : '' };
  // Host Factory gets its answer first: no log and no open connection may delay it, or add to it.
  const isDelivered = await writeStdout(jsonLine(document));
  record(isDelivered);
  if (!isDelivered) await undo(outcome, log);
  await session.close().catch((error: unknown) => log.warn('closing failed', errorDetails(error)));
  await log.close(async () => (await session.queryContext.config()).logging);
  return isDelivered ? (outcome?.exitCode ?? 1) : 1;
}

/** The command's effect would otherwise last although the caller does not know of it. */
async function undo(outcome: Outcome | undefined, log: Log): Promise<void> {
  if (!outcome?.undo) return;
  try {
    await outcome.undo();
    log.warn('undid the command, because its answer could not be delivered');
  } catch (error) {
    log.error('could not undo a command whose answer was not delivered', errorDetails(error));
  }
}

/** Runs an operation with the arguments after its name. Never rejects: a failure is part of the result. */
export function executeOperation(
  operation: Command | Query,
  args: readonly string[],
  session: Session,
  log: Log,
  crash?: Promise<never>,
): Promise<Execution> {
  const options: BusOptions = {
    log,
    caller: { kind: 'hostFactory', name: '' },
    validate,
    ...(crash && { crash }),
  };
  const readInput = async (): Promise<JsonObject> => {
    rejectWindows(process.platform);
    const source = parseArgv(args);
    if (source.kind === 'args') return operation.inputFromArgs?.(source.args) ?? {};
    if (source.kind === 'file') log.addFields({ input: source.path });
    const { readInputDocument } = await import('./args/input.ts');
    return readInputDocument(source);
  };
  return operation.kind === 'command'
    ? createCommandBus(session.commandContext, options).execute(operation, readInput)
    : createQueryBus(session.queryContext, options).execute(operation, readInput);
}

/** Reports only the first finding, because a thousand entries may be wrong in the same way. */
const validate: Validate = (schema, input) => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues.slice(0, 1);
  throw new ValidationError(describeIssues(first, input, { origin: () => 'Input', knownPaths: [] }));
};

/** Rejects on an uncaught error, so that the call still prints its document. */
function crashOfProcess(): Promise<never> {
  const crash = new Promise<never>((_, reject) => {
    process.on('uncaughtException', (error) => {
      if (!isStderrWriteError(error)) reject(error);
    });
    process.on('unhandledRejection', reject);
  });
  crash.catch(() => undefined);
  return crash;
}

/** Standard error goes to a log, whose full disk must not fail the call. Answers do not use this stream. */
const isStderrWriteError = (error: NodeJS.ErrnoException): boolean =>
  error.syscall === 'write' && WRITE_ERROR_CODES.includes(error.code ?? '');
const WRITE_ERROR_CODES: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'];
