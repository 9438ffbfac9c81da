import { text } from 'node:stream/consumers';
import type { DescribeInstancesCommandInput, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeInstancesCommand } from '../client/ec2.ts';
import { HttpResponse } from '@smithy/core/transport';
import { incompleteResponse } from '../client/responseGuards.ts';
import { parseInstancePage, type InstancePage } from './instanceXml.ts';

/**
 * One page of DescribeInstances. The SDK would build objects for everything that EC2 returns, about 0.4 s of CPU per
 * 1,000 instances. The call, retries and errors are the SDK's; only the response is parsed here.
 */
export async function describeInstancesPage(
  client: EC2Client,
  input: DescribeInstancesCommandInput,
): Promise<InstancePage> {
  const command = new DescribeInstancesCommand(input);
  let page: InstancePage | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      if (HttpResponse.isInstance(response) && response.statusCode === 200) {
        page = parseInstancePage(await text(response.body));
        // The body is consumed, so the SDK's deserializer (which wraps this one) has nothing to parse.
        response.body = new Uint8Array();
      }
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'readInstances' },
  );
  await client.send(command);
  if (!page) throw incompleteResponse('no document');
  return page;
}
