import { once } from 'node:events';
import type { Environment } from '../config/index.ts';
import type { Flags } from './args/flags.ts';
import { fieldsOf, inputOf, validateFields } from './args/fields.ts';
import { scriptEnvironment } from './args/scriptEnvironment.ts';
import { createCommandBus, createQueryBus, type BusOptions, type Execution } from './bus/bus.ts';
import { openSession, type Session } from './bus/session.ts';
import { currentUser } from './commands/shared/currentUser.ts';
import { openLog } from './log.ts';
import type { Command, Query } from './operations/operation.ts';
import { emit } from './output/emit.ts';

interface CommandLine {
  readonly args: readonly string[];
  readonly flags: Flags;
}

/**
 * Runs one operation for an operator and prints text, or JSON with --json.
 * @returns the exit code, 0 or 1
 * @throws OhfError whose message is for the caller
 */
export async function runCommand(
  name: string,
  operation: Command | Query,
  { args, flags }: CommandLine,
  env: Environment,
): Promise<number> {
  const input = inputOf(fieldsOf(await operation.schema()), args, flags);
  // `--worker` without a value selects the worker's settings instead of those of a provider's scripts.
  const isOfWorker = operation.scope === 'workerHost' || flags['worker'] === true;
  const callerEnv =
    operation.scope === 'provider' && !isOfWorker
      ? scriptEnvironment(flags, env)
      : await operation.environment(input, env, validateFields);
  const log = openLog(callerEnv, name);
  const session = openSession(callerEnv, log, {
    visibility: () => import('./gateway/visibility.ts'),
    ...(isOfWorker && { loadConfig: loadWorkerSettings }),
  });
  const options: BusOptions = {
    log,
    caller: { kind: 'operator', name: currentUser() },
    validate: validateFields,
  };
  const asJson = flags['json'] === true || !operation.hasText;
  const isWatching = operation.watch !== undefined && flags[operation.watch.flag] === true;
  const execution =
    operation.kind === 'query' && isWatching
      ? await watch(operation, session, options, () => input, asJson)
      : await execute(operation, session, options, () => input);
  const { outcome, failure } = execution;
  const isDelivered = outcome === undefined || isWatching || (await emit(outcome, asJson));
  execution.record(isDelivered);
  await session.close().catch(() => undefined);
  // A long-running process, such as the worker, writes its own log.
  if (operation.scope !== 'process')
    await log.close(async () => (await session.queryContext.config()).logging);
  if (failure) throw failure;
  return outcome?.exitCode ?? 1;
}

const execute = (
  operation: Command | Query,
  session: Session,
  options: BusOptions,
  readInput: () => ReturnType<typeof inputOf>,
): Promise<Execution> =>
  operation.kind === 'command'
    ? createCommandBus(session.commandContext, options).execute(operation, readInput)
    : createQueryBus(session.queryContext, options).execute(operation, readInput);

/** Prints every result until SIGINT, SIGTERM or a closed pipe. */
function watch(
  query: Query,
  session: Session,
  options: BusOptions,
  readInput: () => ReturnType<typeof inputOf>,
  asJson: boolean,
): Promise<Execution> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) void once(process, signal).then(() => stop.abort());
  return createQueryBus(session.queryContext, options).watch(
    query,
    readInput,
    async (outcome) => {
      if (!(await emit(outcome, asJson))) stop.abort();
    },
    stop.signal,
  );
}

async function loadWorkerSettings(env: Environment) {
  const { loadWorkerConfig } = await import('../config/index.ts');
  return { config: await loadWorkerConfig(env), notes: [] };
}
