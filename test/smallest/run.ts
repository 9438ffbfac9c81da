import assert from 'node:assert/strict';
import { lastLine, node } from '../integration/setup/support.ts';

/** Generous, because several test files share the machine. */
export const TIMEOUT_MS = 300_000;

/** Runs a script of the repository as a user does, and checks that it succeeds with this closing line. */
export async function closesWith(line: RegExp, script: string, ...args: string[]): Promise<void> {
  const { HOME, OHF_TEMPORAL_CLI, OHF_TEMPORAL_TEST_SERVER } = process.env;
  const { code, output } = await node([script, ...args], {
    HOME,
    OHF_TEMPORAL_CLI,
    OHF_TEMPORAL_TEST_SERVER,
  });
  assert.equal(code, 0, output);
  assert.match(lastLine(output), line, output);
}
