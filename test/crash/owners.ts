import type { Stack } from '../fixtures/stack/stack.ts';

/** Whether the owners of all these requests have come to their end by themselves. */
export async function haveEnded({ temporal }: Stack, requestIds: readonly string[]): Promise<boolean> {
  const states = await Promise.all(
    requestIds.map(async (id) => (await temporal.workflow.getHandle(id).describe()).status.name),
  );
  return states.every((state) => state === 'COMPLETED');
}
