import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tryLock, unlock } from '../lib/lock.mjs';
import { root, shown } from '../lib/paths.mjs';
import { Problem } from '../lib/problem.mjs';
import { identify, isSame } from '../lib/process-identity.mjs';
import { endGroup } from './end-group.mjs';

/** The folder for everything that the embedded stack writes. */
export const stateDir = path.resolve(root, process.env.OHF_STATE_DIR || '.ohf');

/** A path inside the state folder. */
export const inState = (...names) => path.join(stateDir, ...names);

export const confDir = inState('hf', 'conf');
export const workDir = inState('hf', 'work');
export const hfLogDir = inState('hf', 'log');
export const logFile = (name) => inState('log', `${name}.log`);
export const pidFile = (name) => inState(`${name}.pid`);

const lockFile = inState('lock');
const runFile = inState('run.json');

// What --reset removes. A list, because OHF_STATE_DIR may name a folder that contains other files too.
const OURS = /^(temporal\.db.*|simulator\.jsonl.*|hf|log|ohf|storage|run\.json.*|[a-z]+\.pid)$/;

/** @throws Problem when another `npm start` uses this state folder. */
export function lockState() {
  mkdirSync(stateDir, { recursive: true });
  const holder = tryLock(lockFile);
  if (holder === undefined) return;
  const { ui } = readRun();
  throw new Problem(
    `Already running in ${shown(stateDir)}: process ${holder.pid}${ui ? `, Temporal's Web UI at ${ui}` : ''}.\n` +
      `Use it, or stop it with Ctrl-C in its terminal or with: kill ${holder.pid}`,
  );
}

export function unlockState() {
  unlock(lockFile);
}

export function resetState() {
  for (const name of readdirSync(stateDir)) {
    if (OURS.test(name)) rmSync(inState(name), { recursive: true, force: true });
  }
}

export function makeFolders() {
  for (const folder of [inState('log'), confDir, workDir, hfLogDir]) mkdirSync(folder, { recursive: true });
}

/** Records a child, so that the next start can end it if this process is killed. */
export function rememberProcess(name, pid) {
  const { processes = [], ...rest } = readRun();
  const others = processes.filter((one) => one.name !== name);
  writeRun({ ...rest, processes: [...others, { name, ...identify(pid) }] });
  writeFileSync(pidFile(name), `${pid}\n`);
}

export function forgetProcess(name) {
  const { processes = [], ...rest } = readRun();
  writeRun({ ...rest, processes: processes.filter((one) => one.name !== name) });
  rmSync(pidFile(name), { force: true });
}

/** Records the address of the Web UI, which a second `npm start` prints. */
export function rememberUi(ui) {
  writeRun({ ...readRun(), ui });
}

/** Ends the children that an earlier start left running because it was killed. */
export async function endLeftovers(say, order) {
  const { processes = [] } = readRun();
  for (const name of order) {
    const left = processes.find((one) => one.name === name);
    if (left && isSame(left)) {
      say(`Ending the ${name} that an earlier start left behind (process ${left.pid})`);
      await endGroup(left);
    }
    rmSync(pidFile(name), { force: true });
  }
  rmSync(runFile, { force: true });
}

function readRun() {
  if (!existsSync(runFile)) return {};
  return JSON.parse(readFileSync(runFile, 'utf8'));
}

function writeRun(run) {
  // Renamed into place: a kill in the middle must not lose the list of children.
  writeFileSync(`${runFile}.new`, JSON.stringify(run, null, 2));
  renameSync(`${runFile}.new`, runFile);
}
