import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import { HF_OPERATIONS } from '../operations/registry.ts';
import { hasPlugins, type Layout } from './layout.ts';

/** The second line of every script that we write. A file without it is not ours. */
const HEADER = "# Written by 'ohf install'; 'ohf uninstall' removes it.";

/**
 * The scripts that Host Factory calls, by file name. They are in Host Factory's folders and call this package at its
 * path; they contain no copy of it, so that they need no update with the package. Those for Host Factory 1.1 contain
 * their provider's name.
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
 * Finds the folder of launch.sh from the path by which ohf was called. A symbolic link in it, such as `current`, stays in
 * the result, because it selects the version.
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
