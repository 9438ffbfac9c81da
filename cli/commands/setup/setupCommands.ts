import type { TemporalConfig } from '../../../config/index.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';

/** Temporal's own word for the type of a search attribute: `Keyword`. */
export const typeWord = (type: string): string => type.charAt(0) + type.slice(1).toLowerCase();

/** No client may set it up: an API key is Temporal Cloud's too. */
export const isTemporalCloud = ({ address, apiKey }: TemporalConfig): boolean =>
  apiKey !== undefined || /\.(tmprl\.cloud|api\.temporal\.io):\d+$/i.test(address);

/** The commands that set Temporal up, to be read and typed by a person. */
export const byHand = (temporal: TemporalConfig, retentionDays: number): string =>
  (isTemporalCloud(temporal) ? onCloud(temporal, retentionDays) : onCluster(temporal, retentionDays))
    .map((line) => `${line}\n`)
    .join('');

function onCluster(temporal: TemporalConfig, days: number): readonly string[] {
  const { namespace } = temporal;
  const operator = (what: string): string =>
    `temporal operator ${what} --namespace ${quoted(namespace)} ${connection(temporal)}`;
  return [
    '# A new namespace; for one that is there, "update" instead of "create".',
    operator(`namespace create --retention ${days}d`),
    ...Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) =>
      operator(`search-attribute create --name ${name} --type ${typeWord(type)}`),
    ),
  ];
}

function connection({ address, tls }: TemporalConfig): string {
  const to = `--address ${quoted(address)}`;
  if (typeof tls !== 'object') return tls === true ? `${to} --tls` : to;
  const files = [
    ['--tls-server-name', tls.serverNameOverride],
    ['--tls-ca-path', tls.caFile],
    ['--tls-cert-path', tls.certFile],
    ['--tls-key-path', tls.keyFile],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${quoted(value)}`]));
  return [to, '--tls', ...files].join(' ');
}

function onCloud({ namespace, apiKey }: TemporalConfig, days: number): readonly string[] {
  const access = apiKey === undefined ? '--ca-certificate-file CA.pem' : '--auth-method api_key';
  const attributes = Object.entries(SEARCH_ATTRIBUTES).map(
    ([name, type]) => `--sa ${name}=${typeWord(type)}`,
  );
  const [name] = namespace.split('.');
  return [
    '# Temporal Cloud: with tcld after `tcld login`, or in the web interface at https://cloud.temporal.io.',
    '# A new namespace:',
    `tcld namespace create --namespace ${quoted(name ?? '')} --region REGION --retention-days ${days} ${access}`,
    '# For one that is there:',
    `tcld namespace retention set --namespace ${quoted(namespace)} --retention-days ${days}`,
    '# For both:',
    `tcld namespace search-attributes add --namespace ${quoted(namespace)} ${attributes.join(' ')}`,
  ];
}

/** For a shell. */
const quoted = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
