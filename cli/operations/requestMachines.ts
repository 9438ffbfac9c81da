import { rejectWhileDraining } from '../../config/hostFactory/draining.ts';
import { MAX_MACHINES } from '../../config/templates/ibmTemplates.ts';
import type { AwsConfig } from '../../config/index.ts';
import { isObject } from '../../domain/isObject.ts';
import { BusinessRuleError, ValidationError } from '../../domain/errors/errors.ts';
import { requestIdFrom, type RequestId } from '../../contract/ids.ts';
import type { Template } from '../../domain/template/template.ts';
import type { CommandContext } from '../bus/context.ts';
import { defineCommand } from './operation.ts';

export const operation = defineCommand({
  args: '[templateId] [machineCount]',
  inputFromArgs: ([templateId, machineCount, ...more]) => {
    if (more.length > 0)
      throw new ValidationError(`requestMachines takes two arguments; '${more[0]}' is a third.`);
    return { template: { templateId, machineCount } };
  },
  fastPath: ({ template }) => {
    if (!isObject(template)) return undefined;
    const { templateId, machineCount } = template;
    if (typeof templateId !== 'string' || templateId === '') return undefined;
    if (typeof machineCount !== 'number' || !Number.isInteger(machineCount)) return undefined;
    if (machineCount < 1 || machineCount > MAX_MACHINES) return undefined;
    return { template: { templateId, machineCount } };
  },
  schema: async () => (await import('./schemas.ts')).machinesRequest,
  examples: [
    'requestMachines demo 5',
    'requestMachines -d \'{"template":{"templateId":"demo","machineCount":5}}\'',
  ],
  run: ({ template }, context) => requestMachines(template.templateId, template.machineCount, context),
  // Host Factory cannot use, and never returns, machines of a request whose id it did not get.
  undo: ({ requestId }, { workflows }) => workflows.cancel(requestId),
});

/**
 * Makes the request durable; the machines come later. The id is chosen before the call of Temporal, so that Host
 * Factory gets a valid id even if the confirmation is lost.
 */
async function requestMachines(
  templateId: string,
  count: number,
  context: CommandContext,
): Promise<{ readonly requestId: RequestId; readonly message: string }> {
  const { log } = context;
  rejectWhileDraining(context.env);
  const configured = await context.templates.get(templateId);
  rejectOverMaxNumber(configured, count);
  const { provider, request } = await context.config();
  const template = withHostNaming(configured, provider.aws);
  const requestId = requestIdFrom(await context.newUuid());
  log.addFields({ requestId });
  log.info('starts a request', { templateId, count });
  const outcome = await context.workflows.startRequest({
    v: 1,
    requestId,
    deployment: provider.deployment,
    provider: provider.name,
    createdAt: context.now(),
    count,
    template,
    deadlineSeconds: deadlineOf(template, request.deadlineSeconds),
    callId: context.callId,
    ...(request.bootTimeoutSeconds === undefined ? {} : { bootTimeoutSeconds: request.bootTimeoutSeconds }),
  });
  if (outcome === 'unconfirmed') log.warn('Temporal did not confirm the request');
  return { requestId, message: outcome === 'started' ? 'Request VM success from AWS.' : UNCONFIRMED };
}

/** Pins how the machines of this request are named: a later change of the setting does not affect them. */
function withHostNaming(template: Template, { hostName, hostDomain }: AwsConfig): Template {
  const isDefault = hostName === 'private-dns' && hostDomain === undefined;
  if (template.hostName !== undefined || isDefault) return template;
  const domain = hostDomain === undefined ? {} : { domain: hostDomain };
  return { ...template, hostName: { strategy: hostName, ...domain } };
}

/** In seconds; a spot template may set a shorter deadline. */
const deadlineOf = ({ priceType, spotMinutes }: Template, seconds: number): number =>
  priceType === 'spot' && spotMinutes !== undefined ? Math.min(seconds, spotMinutes * 60) : seconds;

const UNCONFIRMED =
  'The request was sent and not confirmed in time; its status shows whether it was accepted.';

function rejectOverMaxNumber({ templateId, maxNumber }: Template, count: number): void {
  if (maxNumber === -1 || count <= maxNumber) return;
  throw new BusinessRuleError(
    `machineCount is ${count}; template '${templateId}' allows at most ${maxNumber} (its maxNumber).`,
  );
}
