/**
 * How a machine is named to Host Factory. EGO looks for its hosts by that name, so it has to be the one that the
 * machine's operating system gives itself. What holds for a machine was said when its request was made.
 */
export interface HostNaming {
  readonly strategy: HostNameStrategy;
  /** Of the machines' operating systems, in the place of AWS's own. */
  readonly domain?: string;
}

/**
 * `private-dns`: AWS's private DNS name. `resource-name`: the machine's id in the place of the address. `short`: the
 * first label. `ip`: the private address. `ip-hex`: `ip-` and the address in hexadecimal, as Windows machines
 * are named whose launch agent sets the computer name.
 */
export const HOST_NAME_STRATEGIES = ['private-dns', 'resource-name', 'short', 'ip', 'ip-hex'] as const;
export type HostNameStrategy = (typeof HOST_NAME_STRATEGIES)[number];

/** In lower case and without a dot at its end, as a name is compared and as AWS writes it. */
export const DOMAIN_PATTERN =
  /^(?=.{1,190}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
export const DOMAIN_DESCRIPTION = 'a DNS domain in lower case, e.g. "grid.example.com"';

/** These have no domain that another could take the place of. */
export const usesDomain = (strategy: HostNameStrategy): boolean => strategy !== 'short' && strategy !== 'ip';

/** What the cloud shows of a machine; '' while it does not. */
export interface NameParts {
  readonly machineId: string;
  readonly privateDns: string;
  readonly privateIp: string;
}

/** '' while the cloud does not show what the name is made of. */
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

/** Of a name: an address has no labels. */
export const firstLabel = (name: string): string =>
  IPV4_ADDRESS.test(name) ? name : (name.split('.')[0] ?? '');

/** Host names compare without case, and short against full: EGO may know either. */
export function isSameHost(a: string, b: string): boolean {
  const [first, second] = [a.toLowerCase(), b.toLowerCase()];
  return first !== '' && (first === second || firstLabel(first) === second || first === firstLabel(second));
}

/** As a tag on the machine says it: `ip-hex`, `private-dns/grid.example.com`. */
export const formatHostNaming = ({ strategy, domain }: HostNaming): string =>
  domain === undefined ? strategy : `${strategy}/${domain}`;

/** What a tag says. One that is missing, or that only a later release understands, means AWS's private DNS name. */
export function parseHostNaming(text: string | undefined): HostNaming {
  const [word, domain] = text?.split('/') ?? [];
  const strategy = HOST_NAME_STRATEGIES.find((each) => each === word);
  if (strategy === undefined) return { strategy: 'private-dns' };
  return { strategy, ...(domain ? { domain } : {}) };
}
