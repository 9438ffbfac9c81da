import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { capture } from '../command.mjs';
import { dist, root } from '../paths.mjs';
import { Problem } from '../problem.mjs';

/**
 * Packs exactly what a Host Factory host needs: the scripts, the bundled command line with its machine code, and the
 * Node that this code is for. No node_modules, no worker, no AWS SDK.
 * @param folder destination of the tarball
 * @returns the tarball's path, the name of its top folder, and the oldest glibc that its Node runs with
 */
export async function packForHosts(folder) {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const name = `open-host-factory-${version}-${process.platform}-${process.arch}`;
  const work = mkdtempSync(path.join(os.tmpdir(), 'ohf-package-'));
  try {
    fill(path.join(work, name));
    mkdirSync(folder, { recursive: true });
    const tarball = path.join(folder, `${name}.tar.gz`);
    const { code, output } = await capture('tar', ['-czf', tarball, '-C', work, name], { cwd: root });
    if (code !== 0) throw new Problem(`${output}\n\ntar could not write ${tarball}.`);
    return { tarball, name, glibc: glibc() };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fill(target) {
  const cli = path.join(target, 'dist', 'cli');
  mkdirSync(cli, { recursive: true });
  for (const file of readdirSync(path.join(dist, 'cli'))) {
    if (/\.cjs(\.v.*)?$/.test(file)) cpSync(path.join(dist, 'cli', file), path.join(cli, file));
  }
  cpSync(path.join(root, 'cli', 'scripts'), path.join(target, 'cli', 'scripts'), { recursive: true });
  for (const file of ['package.json', 'LICENSE', 'CHANGELOG.md']) {
    if (existsSync(path.join(root, file))) cpSync(path.join(root, file), path.join(target, file));
  }
  const node = path.join(target, 'bin', 'node');
  mkdirSync(path.dirname(node));
  cpSync(process.execPath, node);
  chmodSync(node, 0o755);
  writeFileSync(path.join(target, 'INSTALL.md'), installText());
}

/** The glibc that Node was built with; undefined for another C library (musl, macOS). */
const glibc = () => process.report.getReport().header.glibcVersionCompiler;

const installText = () => `# Open Host Factory for Host Factory hosts

The command line with its own Node.js ${process.version} (${process.platform} ${process.arch}${glibc() ? `, glibc ${glibc()} or newer` : ''}). Nothing else needs to be
installed, and nothing is written into this folder. The worker runs elsewhere, from the npm package.

Unpack it on a file system that all management hosts share, and let a link select the version:

    tar -xzf open-host-factory-VERSION.tar.gz -C /shared/ohf
    ln -sfn open-host-factory-VERSION /shared/ohf/current

Register /shared/ohf/current/cli/scripts as the scripts of Host Factory's provider plugin. To upgrade or downgrade,
unpack the other version beside this one and change the link. Calls in progress finish with the version they started with.
`;
