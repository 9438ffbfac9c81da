/**
 * How a machine is named in answers to Host Factory. EGO finds its hosts by that name, so it has to be the one that
 * the machine's operating system uses. It is fixed for a machine when its request is made.
 */
export interface HostNaming {
  readonly strategy: HostNameStrategy;
  /** The domain that the machines' operating systems use instead of AWS's. */
  readonly domain?: string;
}

/**
 * `private-dns`: AWS's private DNS name. `resource-name`: the same with the machine's id as first label. `short`: the
 * first label. `ip`: the private address. `ip-hex`: `ip-` and the address in hexadecimal, the computer name that
 * Windows launch agents set.
 */
export const HOST_NAME_STRATEGIES = ['private-dns', 'resource-name', 'short', 'ip', 'ip-hex'] as const;
export type HostNameStrategy = (typeof HOST_NAME_STRATEGIES)[number];

/** Lower case, without a trailing dot, as AWS writes names. */
export const DOMAIN_PATTERN =
  /^(?=.{1,190}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
export const DOMAIN_DESCRIPTION = 'a DNS domain in lower case, e.g. "grid.example.com"';

/** Names of the other strategies have no domain to replace. */
export const usesDomain = (strategy: HostNameStrategy): boolean => strategy !== 'short' && strategy !== 'ip';

/** What the cloud returns for a machine; '' while it does not. */
export interface NameParts {
  readonly machineId: string;
  readonly privateDns: string;
  readonly privateIp: string;
}

/** '' while the cloud does not return the parts of the name. */
export function hostNameOf({ strategy, domain }: HostNaming, parts: NameParts): string {
  const { machineId, privateDns, privateIp } = parts;
  const awsName = {
    label: firstLabel(privateDns),
    domain: privateDns.slice(firstLabel(privateDns).length + 1),
  };
  const qualified = (label: string, defaultDomain: string): string => {
    const suffix = domain ?? defaultDomain;
    return label === '' || suffix === '' ? label : `${label}.${suffix}`;
  };
  switch (strategy) {
    case 'private-dns':
      return qualified(awsName.label, awsName.domain);
    case 'resource-name':
      return domain === undefined && awsName.domain === '' ? '' : qualified(machineId, awsName.domain);
    case 'short':
      return awsName.label;
    case 'ip':
      return privateIp;
    case 'ip-hex':
      return qualified(privateIp === '' ? '' : `ip-${hexadecimal(privateIp)}`, '');
  }
}

const hexadecimal = (address: string): string =>
  address
    .split('.')
    .map((octet) => Number(octet).toString(16).toUpperCase().padStart(2, '0'))
    .join('');

const IPV4_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;

/** An IPv4 address has no labels and is returned whole. */
export const firstLabel = (name: string): string =>
  IPV4_ADDRESS.test(name) ? name : (name.split('.')[0] ?? '');

/** Compares host names without case, and short names with full ones: EGO may know either. */
export function isSameHost(a: string, b: string): boolean {
  const [first, second] = [a.toLowerCase(), b.toLowerCase()];
  return first !== '' && (first === second || firstLabel(first) === second || first === firstLabel(second));
}

/** Value of the machine's tag: `ip-hex`, `private-dns/grid.example.com`. */
export const formatHostNaming = ({ strategy, domain }: HostNaming): string =>
  domain === undefined ? strategy : `${strategy}/${domain}`;

/** Parses a tag. A missing one, or one that only a later release understands, means AWS's private DNS name. */
export function parseHostNaming(text: string | undefined): HostNaming {
  const [word, domain] = text?.split('/') ?? [];
  const strategy = HOST_NAME_STRATEGIES.find((each) => each === word);
  if (strategy === undefined) return { strategy: 'private-dns' };
  return { strategy, ...(domain ? { domain } : {}) };
}
