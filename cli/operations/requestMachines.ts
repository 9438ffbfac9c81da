import { rejectWhileDraining } from '../../config/hostFactory/draining.ts';
import { templatesPath } from '../../config/hostFactory/hfPaths.ts';
import { MAX_MACHINES, readTemplateForRequest } from '../../config/templates/ibmTemplates.ts';
import type { AwsConfig } from '../../config/index.ts';
import { isObject } from '../../config/input/jsonFile.ts';
import { BusinessRuleError, ValidationError } from '../../domain/errors/errors.ts';
import { requestIdFrom as requestIdOf } from '../../contract/ids.ts';
import type { Template } from '../../domain/template/template.ts';
import type { OperationContext } from '../context.ts';
import { defineOperation } from './operation.ts';

export const operation = defineOperation({
  name: 'requestMachines',
  kind: 'command',
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
  run: ({ template }, context) => requestMachines(template.templateId, template.machineCount, context),
});

/**
 * Makes the request durable; machines come later. The id is chosen before Temporal hears of it, so that a
 * lost answer leaves Host Factory with an id that tells the truth.
 */
async function requestMachines(
  templateId: string,
  count: number,
  context: OperationContext,
): Promise<object> {
  rejectWhileDraining(context.env);
  const configured = await readTemplateForRequest(templatesPath(context.env), templateId);
  rejectOverMaxNumber(configured, count);
  const { provider, request } = await context.config();
  const template = withHostNaming(configured, provider.aws);
  const requestId = requestIdOf(await context.newUuid());
  context.log.addFields({ requestId });
  const gateway = await context.gateway();
  context.log.info('starts a request', { templateId, count });
  const outcome = await gateway.startRequest({
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
  if (outcome === 'unconfirmed') context.log.warn('Temporal did not confirm the request');
  return { requestId, message: outcome === 'started' ? 'Request VM success from AWS.' : UNCONFIRMED };
}

/** How its machines are named is said now, and not changed for them by a later setting. */
function withHostNaming(template: Template, { hostName, hostDomain }: AwsConfig): Template {
  const isDefault = hostName === 'private-dns' && hostDomain === undefined;
  if (template.hostName !== undefined || isDefault) return template;
  const domain = hostDomain === undefined ? {} : { domain: hostDomain };
  return { ...template, hostName: { strategy: hostName, ...domain } };
}

/** Seconds; a spot template may say that its requests are given up earlier. */
const deadlineOf = ({ priceType, spotMinutes }: Template, seconds: number): number =>
  priceType === 'spot' && spotMinutes !== undefined ? Math.min(seconds, spotMinutes * 60) : seconds;

const UNCONFIRMED =
  'The request was sent and not confirmed in time; its status tells whether it was accepted.';

function rejectOverMaxNumber({ templateId, maxNumber }: Template, count: number): void {
  if (maxNumber === -1 || count <= maxNumber) return;
  throw new BusinessRuleError(
    `machineCount is ${count}; template '${templateId}' allows at most ${maxNumber} (its maxNumber).`,
  );
}
