import { ConfigurationError } from '../../../domain/errors/errors.ts';

/**
 * A module of the worker, by which some commands read its disk or set up its Temporal. The package for Host Factory's hosts has none.
 * @throws ConfigurationError that says where to run the command
 */
export async function onWorkerHost<M>(load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    const isMissing =
      error instanceof Error && 'code' in error && String(error.code).includes('MODULE_NOT_FOUND');
    if (!isMissing) throw error;
    throw new ConfigurationError(
      "This command is a part of the worker, and the worker is not installed here: run it on the worker's host.",
      { cause: error },
    );
  }
}

/** For people, beside the output that programs read. */
export const tell = (sentence: string): void => void process.stderr.write(`ohf: ${sentence}\n`);
