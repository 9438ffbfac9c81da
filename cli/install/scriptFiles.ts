import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import { HF_OPERATIONS } from '../operations/registry.ts';
import { hasPlugins, type Layout } from './layout.ts';

/** The second line of each script that we wrote; a file without it is somebody else's. */
const HEADER = "# Written by 'ohf install'; 'ohf uninstall' removes it.";

/**
 * The scripts that Host Factory calls, by file name. They stand in Host Factory's own tree and lead to this
 * package, wherever it is: nothing of it is copied, so that an update of the package is one of the scripts.
 * Those of Host Factory 1.1 know their provider.
 */
export function scriptFiles(launcherDir: string, layout: Layout): ReadonlyMap<string, string> {
  const providerLines = hasPlugins(layout)
    ? ''
    : `HF_PROVIDER_NAME=\${HF_PROVIDER_NAME:-${layout.provider}}\nexport HF_PROVIDER_NAME\n`;
  return new Map(
    HF_OPERATIONS.map(({ name }) => [`${name}.sh`, scriptText(name, launcherDir, providerLines)]),
  );
}

export const isOurScript = (text: string): boolean => text.split('\n')[1] === HEADER;

function scriptText(operation: string, launcherDir: string, providerLines: string): string {
  return `#!/bin/sh
${HEADER}
PATH="\${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin"
${providerLines}operation=${operation}
scripts='${launcherDir.replaceAll("'", String.raw`'\''`)}'
if [ ! -r "$scripts/launch.sh" ]; then
  echo '{"message":"Open Host Factory is not where these scripts were installed from. Run ohf install again."}'
  exit 1
fi
. "$scripts/launch.sh"
`;
}

/**
 * The folder of launch.sh, by the path that ohf was called by: a link such as `current`, which says what
 * version counts, must stay in it.
 * @throws ConfigurationError
 */
export function findLauncherDir(program: string | undefined): string {
  const thisFile = fileURLToPath(import.meta.url);
  const roots = [resolve(program ?? '', '../../..'), ...parentDirs(thisFile)];
  const root = roots.find((each) => existsSync(join(each, 'cli', 'scripts', 'launch.sh')));
  if (root !== undefined) return join(root, 'cli', 'scripts');
  throw new ConfigurationError(
    'cli/scripts/launch.sh is missing in this package. Install Open Host Factory again.',
  );
}

function parentDirs(path: string): string[] {
  const up = dirname(path);
  return up === path ? [] : [up, ...parentDirs(up)];
}
