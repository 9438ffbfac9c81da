import type * as z from 'zod/mini';
import type { JsonObject } from '../../config/input/jsonFile.ts';
import { ValidationError } from '../../domain/errors/errors.ts';
import type { OperationContext } from '../context.ts';

/**
 * One operation: a module of its own, from which the command line and the scripts are made.
 * A command starts or signals a workflow, a query only reads.
 */
export interface Operation {
  readonly name: string;
  readonly kind: 'command' | 'query';
  /** The input document that words on the command line stand for. */
  readonly inputFromArgs: (args: readonly string[]) => object;
  /**
   * @returns the output document
   * @throws OhfError whose message is Host Factory's answer
   */
  execute(input: object, context: OperationContext): Promise<object>;
}

interface OperationDefinition<Input> extends Pick<Operation, 'name' | 'kind' | 'inputFromArgs'> {
  /**
   * Input in the form that Host Factory sends, or undefined: then the schema decides and finds the words. Loading
   * and running zod takes a fifth of the time of an empty process.
   */
  readonly fastPath: (input: JsonObject) => Input | undefined;
  /** What counts as input; loaded with zod. Whatever `fastPath` takes, this takes for the same. */
  readonly schema: () => Promise<z.ZodMiniType<Input>>;
  readonly run: (input: Input, context: OperationContext) => Promise<object>;
}

export function defineOperation<Input>(definition: OperationDefinition<Input>): Operation {
  const { name, kind, inputFromArgs, fastPath, schema, run } = definition;
  return {
    name,
    kind,
    inputFromArgs,
    execute: async (input, context) =>
      run(fastPath({ ...input }) ?? (await validate(await schema(), input)), context),
  };
}

async function validate<Input>(schema: z.ZodMiniType<Input>, input: object): Promise<Input> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { describeIssues } = await import('../../config/input/issues.ts');
  // One finding is enough for a call of a program; a thousand entries may be wrong in the same way.
  const first = parsed.error.issues.slice(0, 1);
  throw new ValidationError(describeIssues(first, input, { origin: () => 'Input', knownPaths: [] }));
}
