import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import {
  autoScalingActions,
  autoScalingResponse,
  autoScalingError,
  autoScalingVersion,
} from './autoScaling/service.ts';
import type { Action, Call, Outcome } from './protocol/call.ts';
import { ec2Actions, ec2Version } from './ec2/index.ts';
import { AwsError } from './protocol/errors.ts';
import type { Gate } from './gates.ts';
import { advance } from './groups/loop.ts';
import type { Change } from './state/model.ts';
import { flag, parseForm, toTree } from './protocol/params.ts';
import type { FlatParams } from './protocol/params.ts';
import { commitLogged } from './state/simulation.ts';
import type { Simulation } from './state/simulation.ts';
import { throttle } from './throttle.ts';
import { responseDocument, errorDocument } from './protocol/xml.ts';
import type { Xml } from './protocol/xml.ts';

/** Serves one call of the AWS API, through its gate if there is one. `form` is the form-urlencoded body. */
export async function serveCall(
  simulation: Simulation,
  request: IncomingMessage,
  response: ServerResponse,
  form: string,
): Promise<void> {
  const { gates } = simulation;
  const flat = parseForm(form);
  // A dry run changes nothing and is never subject to faults.
  const gate = flat['DryRun'] === 'true' ? undefined : gates.take(flat);
  if (gate?.mode === 'dropBefore') {
    logDropped(simulation, flat, gate.mode);
    closeConnection(request);
    gates.markArrived(gate);
    return;
  }
  if (gate?.mode === 'hold') {
    const client = watchClient(request.socket);
    gates.markArrived(gate);
    await gates.released(gate);
    // The disconnect of a client that exited before the release may still be in the event loop's queue.
    await setImmediate();
    await setImmediate();
    if (gate.aborted) return closeConnection(request);
    if (client.gone) return logDropped(simulation, flat, gate.mode);
  }
  if (gate?.mode === 'delay') await delay(gate.ms ?? 1_000);
  const answer = perform(simulation, request, flat, gate);
  if (gate !== undefined && immediateModes.has(gate.mode)) gates.markArrived(gate);
  if (gate?.mode === 'dropAfter') {
    closeConnection(request);
    gates.markArrived(gate);
    return;
  }
  if (gate?.mode === 'holdAfter') {
    gates.markArrived(gate);
    await gates.released(gate);
    if (gate.aborted) return closeConnection(request);
  }
  response.writeHead(answer.status, {
    'content-type': 'text/xml;charset=UTF-8',
    'x-amzn-requestid': answer.requestId,
  });
  response.end(answer.document);
}

/** Modes that do not hold the call: it has arrived when it is answered. */
const immediateModes: ReadonlySet<string> = new Set([
  'errorBefore',
  'errorAfter',
  'delay',
  'stale',
  'partial',
  'shuffle',
]);

function closeConnection(request: IncomingMessage): void {
  request.socket.destroy();
}

function watchClient(socket: IncomingMessage['socket']): { readonly gone: boolean } {
  const client = { gone: socket.destroyed || socket.readableEnded };
  const leave = (): void => {
    client.gone = true;
  };
  socket.once('end', leave);
  socket.once('close', leave);
  return client;
}

type CallResponse = { status: number; requestId: string; document: string };

/** Executes the call; its effect and its log entry are committed when this returns. */
function perform(
  simulation: Simulation,
  request: IncomingMessage,
  flat: FlatParams,
  gate: Gate | undefined,
): CallResponse {
  const requestId = randomUUID();
  const action = flat['Action'] ?? '';
  const service = services.get(flat['Version'] ?? '') ?? ec2;
  advance(simulation);
  const commitOutcome = (outcome: string, change: Change, replay: boolean): void => {
    const dropped = gate?.mode === 'dropAfter' ? 'dropped' : outcome;
    commitLogged(simulation, change, { ...logFields(flat, gate?.mode), outcome: dropped, replay });
  };
  try {
    checkSignature(request);
    if (gate?.mode === 'errorBefore') throw injectedError(gate);
    const outcome = handle(simulation, action, flat, gate);
    if (gate?.mode === 'errorAfter') {
      const error = injectedError(gate);
      commitOutcome(error.code, outcome.change ?? {}, outcome.replay ?? false);
      return failure(service, requestId, error);
    }
    if (outcome.error !== undefined) {
      commitOutcome(outcome.error.code, outcome.change ?? {}, outcome.replay ?? false);
      return failure(service, requestId, outcome.error);
    }
    const body = gate?.mode === 'shuffle' ? reversed(outcome.body) : outcome.body;
    const document = service.answer(action, requestId, body);
    commitOutcome('ok', outcome.change ?? {}, outcome.replay ?? false);
    return { status: 200, requestId, document };
  } catch (error) {
    const known = error instanceof AwsError ? error : internalError(error);
    commitOutcome(known.code, {}, false);
    return failure(service, requestId, known);
  }
}

function failure(service: Service, requestId: string, error: AwsError): CallResponse {
  return { status: error.status, requestId, document: service.error(requestId, error.code, error.message) };
}

/** What the simulated services differ in. */
type Service = {
  actions: ReadonlyMap<string, Action>;
  answer: typeof responseDocument;
  error: typeof errorDocument;
};
const ec2: Service = { actions: ec2Actions, answer: responseDocument, error: errorDocument };
const services: ReadonlyMap<string, Service> = new Map([
  [ec2Version, ec2],
  [autoScalingVersion, { actions: autoScalingActions, answer: autoScalingResponse, error: autoScalingError }],
]);

function internalError(error: unknown): AwsError {
  console.error('simulated AWS:', error);
  return new AwsError('InternalError', `An internal error has occurred: ${String(error)}`, 500);
}

// The signature itself is not verified: there is no secret here to verify it with.
function checkSignature(request: IncomingMessage): void {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  }
  if (!/^AWS4-HMAC-SHA256 .*Credential=[^/]+\//.test(authorization)) {
    throw new AwsError('AuthFailure', 'AWS was not able to validate the provided access credentials', 401);
  }
}

/** The injected error: an internal error, or e.g. throttling. */
function injectedError({ code = 'InternalError', status }: Gate): AwsError {
  const defaultStatus = code === 'RequestLimitExceeded' ? 503 : code === 'InternalError' ? 500 : 400;
  return new AwsError(code, `Injected error: ${code}`, status ?? defaultStatus);
}

/** Reverses every list of the response: AWS guarantees no order. */
function reversed<T extends Xml>(content: T): T {
  if (Array.isArray(content)) return (content as readonly Xml[]).map(reversed).toReversed() as unknown as T;
  if (typeof content !== 'object') return content;
  return Object.fromEntries(Object.entries(content).map(([name, value]) => [name, reversed(value)])) as T;
}

function handle(simulation: Simulation, action: string, flat: FlatParams, gate: Gate | undefined): Outcome {
  if (action === '') throw new AwsError('MissingAction', 'The request is missing an action.');
  const { world, catalogue, accountId } = simulation;
  const version = flat['Version'] ?? '';
  const service = services.get(version);
  if (service === undefined) {
    throw new AwsError(
      'NoSuchVersion',
      `The requested version (${version}) of service AmazonEC2 does not exist`,
    );
  }
  const known = service.actions.get(action);
  if (known === undefined) {
    throw new AwsError('InvalidAction', `The action ${action} is not valid for this web service.`);
  }
  if (world.settings.throttle > 0) throttle(simulation.buckets, action, version, flat, simulation.clock());
  // A policy that depends on tags denies the whole call because of one resource.
  const isDenied = Object.values(flat).some((value) => simulation.denied.has(`${action}:${value}`));
  if (simulation.denied.has(action) || isDenied) {
    const code = service === ec2 ? 'UnauthorizedOperation' : 'AccessDenied';
    throw new AwsError(code, `You are not authorized to perform: ${action}.`, 403);
  }
  const params = toTree(flat);
  for (const name of Object.keys(params)) {
    if (known.parameters.includes(name)) continue;
    throw new AwsError('UnknownParameter', `The parameter ${name} is not recognized`);
  }
  const now = simulation.clock();
  const lag = gate?.mode === 'stale' ? (gate.ms ?? 60_000) : world.settings.consistencyLagMs;
  const maxInstances = gate?.mode === 'partial' ? (gate.keep ?? 0) : Number.POSITIVE_INFINITY;
  const call: Call = {
    action,
    world,
    catalogue,
    accountId,
    now,
    snapshotAt: now - lag,
    maxInstances,
    flat,
    params,
  };
  const outcome = known.handler(call);
  if (flag(params, 'DryRun') === true && outcome.error === undefined) {
    throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
  }
  return outcome;
}

function logDropped(simulation: Simulation, flat: FlatParams, gate: string): void {
  commitLogged(simulation, {}, { ...logFields(flat, gate), outcome: 'dropped', replay: false });
}

function logFields(flat: FlatParams, gate: string | undefined) {
  const { Action: action = '', Version: _, ...params } = flat;
  const token = params['ClientToken'];
  return { action, params, ...(token !== undefined && { token }), ...(gate !== undefined && { gate }) };
}
