import { shown } from '../lib/paths.mjs';
import { TEMPLATE } from './provider-files.mjs';
import { inState, pidFile } from './state.mjs';

/** Text with commands to paste, one after the other, into another terminal in the same folder. */
export function whatToTry(ui) {
  const ohf = commandPath(inState('ohf'));
  return `
Ready. Temporal's Web UI: ${ui}
To try it, paste into another terminal, in this folder:

  # 1. request 5 machines
  R=$(${ohf} requestMachines ${TEMPLATE} 5 | grep -o 'req-[0-9a-f-]*' | head -n 1); echo $R

  # 2. kill the worker in the middle; npm start restarts it after 5 s, and the request continues
  kill -9 $(cat ${shown(pidFile('worker'))}); ${ohf} getRequestStatus $R

  # 3. return all machines of the request (wait until its status is complete)
  ${ohf} requestReturnMachines $(${ohf} getRequestStatus $R | grep -oE 'i-[0-9a-f]{17}' | sort -u)

Ctrl-C stops everything.`;
}

/** A program in the current folder needs the prefix ./ */
function commandPath(file) {
  const path = shown(file);
  return path.includes('/') ? path : `./${path}`;
}
