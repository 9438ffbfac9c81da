import { startStack, type Stack } from '../fixtures/stack/stack.ts';
import { templatesOfAllLaunchMethods } from './launchMethods.ts';

/** Plays `body` in a stack of its own, with a template for each way to get machines. */
export async function inOwnStack(body: (stack: Stack) => Promise<void>): Promise<void> {
  const stack = await startStack(undefined, templatesOfAllLaunchMethods());
  try {
    await body(stack);
  } finally {
    await stack.end();
  }
}
