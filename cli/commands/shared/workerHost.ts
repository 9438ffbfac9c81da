import { ConfigurationError } from '../../../domain/errors/errors.ts';

/**
 * Loads a module of the worker, with which some commands read its disk or set up Temporal. The package for Host
 * Factory's hosts does not contain the worker.
 * @throws ConfigurationError that names the host to run the command on
 */
export async function importWorkerModule<M>(load: () => Promise<M>): Promise<M> {
  try {
    return await load();
  } catch (error) {
    const isNotInstalled =
      error instanceof Error && 'code' in error && String(error.code).includes('MODULE_NOT_FOUND');
    if (!isNotInstalled) throw error;
    throw new ConfigurationError(
      "This command needs the worker, and the worker is not installed here: run it on the worker's host.",
      { cause: error },
    );
  }
}

/** Prints a note to standard error, apart from the output that programs read. */
export const printNote = (note: string): void => void process.stderr.write(`ohf: ${note}\n`);
