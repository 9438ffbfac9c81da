import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of its own for each test; `remove` deletes it. */
export async function scratch() {
  const directory = await mkdtemp(join(tmpdir(), 'ohf test '));
  return {
    directory,
    write: async (name: string, content: unknown): Promise<string> => {
      const path = join(directory, name);
      const data =
        typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
      await writeFile(path, data);
      return path;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
export type Scratch = Awaited<ReturnType<typeof scratch>>;

/** An on-demand template with what is mandatory. */
export const onDemand = (changes: object = {}): object => ({
  templateId: 'OnDemand-1',
  maxNumber: 10,
  attributes: { type: 'X86_64', ncpus: 1, nram: 1024 },
  imageId: 'ami-0123456789abcdef0',
  subnetId: 'subnet-1',
  vmType: 'm5.large',
  ...changes,
});

/** A spot template with what is mandatory. */
export const spot = (changes: object = {}): object => ({
  templateId: 'Spot-1',
  maxNumber: -1,
  priceType: 'spot',
  attributes: { type: ['String', 'X86_64'], ncpus: ['Numeric', '1'], nram: ['Numeric', '1024'] },
  imageId: 'ami-0123456789abcdef0',
  subnetId: ['subnet-1', 'subnet-2'],
  vmTypes: { 'm5.large': 1, 'm5.xlarge': 2 },
  ...changes,
});

/** What a promise fails with, as text; fails the test when it does not. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error('it did not fail');
}
