import type { JsonObject } from '../../config/input/jsonFile.ts';
import { CommandError, isOhfError, QueryError, type OhfError } from '../../domain/errors/errors.ts';
import { errorDetails, type Log } from '../log.ts';
import type { Command, Outcome, Query, Validate } from '../operations/operation.ts';
import type { CommandContext, QueryContext, QueryEffects } from './context.ts';

/** The caller, for the audit trail: Host Factory's scripts, or an operator at a terminal. */
export interface Caller {
  readonly kind: 'hostFactory' | 'operator';
  /** `user@host` */
  readonly name: string;
}

export interface BusOptions {
  readonly log: Log;
  readonly caller: Caller;
  readonly validate: Validate;
  /** Rejects when the process fails outside the operation. */
  readonly crash?: Promise<never>;
}

/** The result of one operation: exactly one of `outcome` and `failure` is set. */
export interface Execution {
  readonly outcome?: Outcome;
  readonly failure?: OhfError;
  /** Writes the log line of this call. Call it after the answer is written, so that logging does not delay Host Factory. */
  readonly record: (isDelivered: boolean) => void;
}

/** Reads the input. Invalid input fails the call like any other error. */
type ReadInput = () => JsonObject | Promise<JsonObject>;

export interface CommandBus {
  execute(command: Command, readInput: ReadInput): Promise<Execution>;
}
export interface QueryBus {
  execute(query: Query, readInput: ReadInput): Promise<Execution>;
  /** Shows every result until the signal aborts; the outcome is the last result. */
  watch(
    query: Query,
    readInput: ReadInput,
    show: (outcome: Outcome) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Execution>;
}

/** Runs commands, and logs each at level info. */
export const createCommandBus = (context: CommandContext, options: BusOptions): CommandBus => ({
  execute: (command, readInput) =>
    observe(options, 'info', CommandError, readInput, (input) =>
      command.execute({ input, context, validate: options.validate }),
    ),
});

/** Runs queries. Each can cause only the effects that it declares. */
export const createQueryBus = (context: QueryContext & QueryEffects, options: BusOptions): QueryBus => ({
  execute: (query, readInput) =>
    observe(options, 'debug', QueryError, readInput, (input) =>
      query.execute({ input, context: withDeclaredEffects(context, query), validate: options.validate }),
    ),
  watch: (query, readInput, show, signal) =>
    observe(options, 'debug', QueryError, readInput, (input) => {
      if (!query.watch) throw new Error('this query cannot be watched');
      const call = { input, context: withDeclaredEffects(context, query), validate: options.validate };
      return query.watch.execute(call, show, signal);
    }),
});

/** Replaces the undeclared effects by functions that throw, so that a type cast does not reach them either. */
function withDeclaredEffects(
  context: QueryContext & QueryEffects,
  { effects }: Query,
): QueryContext & QueryEffects {
  const undeclared = (): never => {
    throw new Error('the query does not declare this effect');
  };
  return {
    ...context,
    acknowledge: effects.includes('acknowledge') ? context.acknowledge : undeclared,
    ensureMonitor: effects.includes('ensureMonitor') ? context.ensureMonitor : undeclared,
    updateHostList: effects.includes('updateHostList') ? context.updateHostList : undeclared,
  };
}

/** Times an operation, translates its error and prepares its log line. */
async function observe(
  { log, caller, crash }: BusOptions,
  level: 'info' | 'debug',
  InternalError: typeof CommandError | typeof QueryError,
  readInput: ReadInput,
  run: (input: JsonObject) => Promise<Outcome>,
): Promise<Execution> {
  const startedAt = performance.now();
  let input: JsonObject = {};
  const work = async (): Promise<Outcome> => {
    input = await readInput();
    return run(input);
  };
  const fields = (isDelivered: boolean, ms: number): object => ({
    // An operator's call is logged with its caller and input; Host Factory's calls log their ids themselves.
    ...(caller.kind === 'operator' ? { by: caller.name, input } : {}),
    ms,
    ...(isDelivered ? {} : { isDelivered }),
  });
  try {
    const outcome = await (crash ? Promise.race([work(), crash]) : work());
    const ms = Math.round(performance.now() - startedAt);
    return {
      outcome,
      record: (isDelivered) => log[outcome.isDryRun ? 'debug' : level]('completed', fields(isDelivered, ms)),
    };
  } catch (error) {
    const failure = isOhfError(error) ? error : new InternalError(internalMessage(error), { cause: error });
    const ms = Math.round(performance.now() - startedAt);
    return {
      failure,
      record: (isDelivered) =>
        log.error(oneLineMessage(failure), { ...fields(isDelivered, ms), ...errorDetails(failure) }),
    };
  }
}

const internalMessage = (error: unknown): string =>
  `Internal error: ${error instanceof Error ? error.message || error.name : String(error)}`;

/** Names from files may contain line breaks; the message has none. */
export const oneLineMessage = (error: OhfError): string => error.message.replaceAll(/\s*[\r\n]\s*/g, ' ');
