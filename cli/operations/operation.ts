import type * as z from 'zod/mini';
import type { Environment } from '../../config/index.ts';
import type { JsonObject } from '../../config/input/jsonFile.ts';
import type { CommandContext, Effect, QueryContext, QueryEffects } from '../bus/context.ts';

export type Schema<Input> = z.ZodMiniType<Input>;
/** @throws ValidationError */
export type Validate = <Input>(schema: Schema<Input>, input: JsonObject) => Input;

/**
 * Where an operation works: on one provider (the default; only these suit a remote client), on the worker's disk, on
 * the files of this host, or as a process of its own.
 */
export type Scope = 'provider' | 'workerHost' | 'host' | 'process';

/** What commands and queries have in common. */
interface Definition<Input, Result> {
  /**
   * What input is accepted. Its metadata (see args/fields.ts) declares the command line and the docs. A function,
   * because Host Factory's path must not load zod: that takes a fifth of the time of an empty process.
   */
  readonly schema: () => Schema<Input> | Promise<Schema<Input>>;
  /** Accepts input in Host Factory's usual form without zod. Whatever it accepts, `schema` accepts with the same result. */
  readonly fastPath?: (input: JsonObject) => Input | undefined;
  /** Of Host Factory's operations: the positional arguments, and the input document that they stand for. */
  readonly args?: string;
  readonly inputFromArgs?: (args: readonly string[]) => JsonObject;
  readonly examples: readonly string[];
  readonly scope?: Scope;
  /** The provider's environment, where the options name it in another way than `--provider` and `--hf-top`. */
  readonly environment?: (input: Input, env: Environment) => Environment;
  /** For people. Without it the JSON document is printed. */
  readonly text?: (result: Result, input: Input) => string;
  /** For programs; the result itself if it is not set. */
  readonly json?: (result: Result, input: Input) => object;
  /** 0 if it is not set. */
  readonly exitCode?: (result: Result) => 0 | 1;
}

interface CommandDefinition<Input, Result> extends Definition<Input, Result> {
  readonly run: (input: Input, context: CommandContext) => Promise<Result>;
  /** Whether this input changes nothing, so that it needs no line in the audit trail. */
  readonly isDryRun?: (input: Input) => boolean;
  /** Undoes the command when its answer did not reach the caller, who then cannot know the result. */
  readonly undo?: (result: Result, context: CommandContext) => Promise<void>;
}

interface QueryDefinition<Input, Result, E extends Effect> extends Definition<Input, Result> {
  readonly run: (input: Input, context: QueryContext & Pick<QueryEffects, E>) => Promise<Result>;
  readonly effects?: readonly E[];
  readonly watch?: Watch<Input, Result>;
}

/** How a query shows every change until the caller stops it. */
interface Watch<Input, Result> {
  readonly flag: 'watch' | 'follow';
  readonly description: string;
  /** Ends when the signal aborts, or when there is nothing more to show. */
  readonly results: (
    input: Input,
    context: QueryContext,
    show: (result: Result) => Promise<void>,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** The result of one operation, rendered only in the form that the caller needs. */
export interface Outcome {
  readonly exitCode: 0 | 1;
  readonly isDryRun: boolean;
  text(): string;
  json(): object;
  /** Undoes a command whose answer did not reach the caller. */
  undo?(): Promise<void>;
}

interface Call<Context> {
  readonly input: JsonObject;
  readonly context: Context;
  readonly validate: Validate;
}

/** An operation as the registry and the buses use it: its input and result types stay inside. */
export interface Operation<Kind extends 'command' | 'query', Context> {
  readonly kind: Kind;
  readonly schema: () => Schema<unknown> | Promise<Schema<unknown>>;
  readonly args?: string;
  inputFromArgs?(args: readonly string[]): JsonObject;
  readonly examples: readonly string[];
  readonly scope: Scope;
  readonly hasText: boolean;
  readonly effects: readonly Effect[];
  readonly watch?: {
    readonly flag: 'watch' | 'follow';
    readonly description: string;
    execute(
      call: Call<QueryContext>,
      show: (outcome: Outcome) => Promise<void>,
      signal: AbortSignal,
    ): Promise<Outcome>;
  };
  environment(input: JsonObject, env: Environment, validate: Validate): Promise<Environment>;
  execute(call: Call<Context>): Promise<Outcome>;
}
export type Command = Operation<'command', CommandContext>;
export type Query = Operation<'query', QueryContext & QueryEffects>;

export const defineCommand = <Input, Result>(definition: CommandDefinition<Input, Result>): Command => ({
  ...describe(definition),
  kind: 'command',
  effects: [],
  execute: async ({ input: raw, context, validate }) => {
    const input = await parse(definition, raw, validate);
    const isDryRun = definition.isDryRun?.(input) ?? false;
    const result = await definition.run(input, context);
    const { undo } = definition;
    return {
      ...render(definition, input, result, isDryRun),
      ...(undo && { undo: () => undo(result, context) }),
    };
  },
});

export const defineQuery = <Input, Result, E extends Effect = never>(
  definition: QueryDefinition<Input, Result, E>,
): Query => {
  const { watch } = definition;
  return {
    ...describe(definition),
    kind: 'query',
    effects: definition.effects ?? [],
    execute: async ({ input: raw, context, validate }) => {
      const input = await parse(definition, raw, validate);
      return render(definition, input, await definition.run(input, context));
    },
    ...(watch && {
      watch: {
        flag: watch.flag,
        description: watch.description,
        execute: async ({ input: raw, context, validate }, show, signal) => {
          const input = await parse(definition, raw, validate);
          let last: Outcome | undefined;
          const showResult = (result: Result): Promise<void> =>
            show((last = render(definition, input, result)));
          await watch.results(input, context, showResult, signal);
          return last ?? { exitCode: 0, isDryRun: false, text: () => '', json: () => ({}) };
        },
      },
    }),
  };
};

function describe<Input, Result>(definition: Definition<Input, Result>) {
  const { schema, args, inputFromArgs, examples, scope = 'provider', text, environment } = definition;
  return {
    schema,
    examples,
    scope,
    hasText: text !== undefined,
    ...(args === undefined ? {} : { args }),
    ...(inputFromArgs && { inputFromArgs }),
    environment: async (input: JsonObject, env: Environment, validate: Validate): Promise<Environment> =>
      environment ? environment(await parse(definition, input, validate), env) : env,
  };
}

const parse = async <Input, Result>(
  { fastPath, schema }: Definition<Input, Result>,
  input: JsonObject,
  validate: Validate,
): Promise<Input> => fastPath?.(input) ?? validate(await schema(), input);

function render<Input, Result>(
  { text, json, exitCode }: Definition<Input, Result>,
  input: Input,
  result: Result,
  isDryRun = false,
): Outcome {
  const document = (): object => json?.(result, input) ?? Object(result);
  return {
    exitCode: exitCode?.(result) ?? 0,
    isDryRun,
    json: document,
    text: () => text?.(result, input) ?? `${JSON.stringify(document())}\n`,
  };
}
