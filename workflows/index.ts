/** What the worker's bundle exports: one name a workflow type. */
export { fleetMonitor } from './fleetMonitor.ts';
export { machineRequest } from './machineRequest/index.ts';
export { machineReturn } from './machineReturn.ts';
