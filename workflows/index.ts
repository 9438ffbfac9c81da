/** The exports of the worker's bundle: the name of each is a workflow type. */
export { fleetMonitor } from './fleetMonitor/index.ts';
export { machineRequest } from './machineRequest/index.ts';
export { machineReturn } from './machineReturn.ts';
