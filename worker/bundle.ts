import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** The build writes the bundle here, and the worker loads it from here. */
export const BUNDLE_PATH = path.join(root, 'workflow-bundle.js');

/** A larger bundle costs every workflow memory and start-up time. */
const MAX_BUNDLE_BYTES = 2 * 1024 * 1024;

/** Temporal's bundler includes these without a warning, and they would run inside every workflow. */
const FORBIDDEN_PACKAGES = ['@aws-sdk', '@smithy', 'zod', '@temporalio/client', '@temporalio/worker'];

/**
 * Bundles the workflows exactly as the worker runs them.
 * @throws Error when the bundle is too large or contains a package that workflow code must not use.
 */
export async function bundleWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(root, 'workflows', 'index.js'),
    workflowInterceptorModules: [path.join(root, 'workflows', 'runtime', 'callIdInterceptor.js')],
    logger: new DefaultLogger('WARN'),
    // Stack traces need positions only; the source texts would be two thirds of the bundle.
    webpackConfigHook: (config) => ({ ...config, devtool: 'inline-nosources-source-map' }),
  });
  checkBundle(code);
  return code;
}

/** @throws Error that says what is wrong with the bundle */
export function checkBundle(code: string): void {
  const bytes = Buffer.byteLength(code);
  if (bytes > MAX_BUNDLE_BYTES) {
    throw new Error(`The workflow bundle has ${bytes} bytes; the maximum is ${MAX_BUNDLE_BYTES}.`);
  }
  const found = FORBIDDEN_PACKAGES.filter((name) => code.includes(`node_modules/${name}/`));
  if (found.length > 0) {
    throw new Error(
      `The workflow bundle contains ${found.join(', ')}, which workflows/ and domain/ must not import. ` +
        'Remove the import, or move the code that needs it to activities/.',
    );
  }
}

/** The build runs `node dist/worker/bundle.js`. */
async function main(): Promise<void> {
  const code = await bundleWorkflows();
  await mkdir(path.dirname(BUNDLE_PATH), { recursive: true });
  // Renamed into place: a worker that starts meanwhile reads the old bundle or the new one, never a part.
  await writeFile(`${BUNDLE_PATH}.new`, code);
  await rename(`${BUNDLE_PATH}.new`, BUNDLE_PATH);
  process.stdout.write(`workflow bundle: ${(Buffer.byteLength(code) / 1024).toFixed(0)} KiB\n`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
