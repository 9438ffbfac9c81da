import { text } from 'node:stream/consumers';
import type { DescribeInstancesCommandInput, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeInstancesCommand } from '../client/ec2.ts';
import { HttpResponse } from '@smithy/core/transport';
import { incompleteResponse } from '../client/responseGuards.ts';
import { parseInstancePage, type InstancePage } from './instanceXml.ts';

/**
 * One page of DescribeInstances. The SDK would make objects of all that EC2 says of an instance, which costs 0.4 s
 * of CPU for 1,000 of them. Its call, its retries and its errors are used, but the answer is read here.
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
        // Nothing is left for the SDK, whose own reader stands around this one.
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
