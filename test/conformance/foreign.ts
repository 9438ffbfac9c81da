/** A machine of AWS as Host Factory names it. */
export interface Foreign {
  readonly name: string;
  readonly machineId: string;
}

/** Somebody else launches a machine in the same account, with these tags. */
export async function launchForeign(
  endpoint: string,
  tags: Readonly<Record<string, string>> = {},
): Promise<Foreign> {
  const body = new URLSearchParams({
    Action: 'RunInstances',
    Version: '2016-11-15',
    MinCount: '1',
    MaxCount: '1',
    ImageId: 'ami-00000000000000001',
    InstanceType: 't3.small',
    SubnetId: 'subnet-0000000000000000b',
  });
  for (const [index, [name, value]] of Object.entries(tags).entries()) {
    body.set('TagSpecification.1.ResourceType', 'instance');
    body.set(`TagSpecification.1.Tag.${index + 1}.Key`, name);
    body.set(`TagSpecification.1.Tag.${index + 1}.Value`, value);
  }
  const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=somebody/else' };
  const response = await fetch(endpoint, { method: 'POST', headers, body });
  const answer = await response.text();
  const [, machineId] = /<instanceId>(.*?)<\/instanceId>/.exec(answer) ?? [];
  const [, name] = /<privateDnsName>(.*?)<\/privateDnsName>/.exec(answer) ?? [];
  if (!machineId || !name) throw new Error(`AWS launched nothing: ${answer}`);
  return { name, machineId };
}
