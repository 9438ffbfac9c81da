import { ConfigurationError } from '../../../domain/errors/errors.ts';

/**
 * A module of the worker, by which some commands read its disk or set up its Temporal. The package for Host Factory's hosts has none.
 * @throws ConfigurationError that says where to run the command
 */
export async function importWorkerModule<M>(load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    const isNotInstalled =
      error instanceof Error && 'code' in error && String(error.code).includes('MODULE_NOT_FOUND');
    if (!isNotInstalled) throw error;
    throw new ConfigurationError(
      "This command is a part of the worker, and the worker is not installed here: run it on the worker's host.",
      { cause: error },
    );
  }
}

/** For people, beside the output that programs read. */
export const printNote = (note: string): void => void process.stderr.write(`ohf: ${note}\n`);
