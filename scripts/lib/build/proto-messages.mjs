import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../paths.mjs';

const require = createRequire(path.join(root, 'package.json'));

const SERVICE = 'temporal.api.workflowservice.v1';
const COMMON = 'temporal.api.common.v1';
const HISTORY = 'temporal.api.history.v1';

/** What the lean gateway says: messages and of each the fields that it sets. */
const SENT = {
  [`${SERVICE}.StartWorkflowExecutionRequest`]:
    'namespace workflowId workflowType taskQueue input identity requestId ' +
    'workflowIdReusePolicy workflowIdConflictPolicy memo searchAttributes userMetadata',
  [`${SERVICE}.SignalWorkflowExecutionRequest`]: 'namespace workflowExecution signalName input identity',
  [`${SERVICE}.QueryWorkflowRequest`]: 'namespace execution query queryRejectCondition',
  [`${SERVICE}.DescribeWorkflowExecutionRequest`]: 'namespace execution',
  [`${SERVICE}.GetWorkflowExecutionHistoryRequest`]:
    'namespace execution maximumPageSize waitNewEvent historyEventFilterType skipArchival',
  [`${COMMON}.WorkflowType`]: 'name',
  [`${COMMON}.WorkflowExecution`]: 'workflowId runId',
  [`${COMMON}.Payload`]: 'metadata data',
  [`${COMMON}.Payloads`]: 'payloads',
  [`${COMMON}.Memo`]: 'fields',
  [`${COMMON}.SearchAttributes`]: 'indexedFields',
  'temporal.api.taskqueue.v1.TaskQueue': 'name kind',
  'temporal.api.query.v1.WorkflowQuery': 'queryType queryArgs',
  'temporal.api.sdk.v1.UserMetadata': 'summary details',
};

/** What it understands: messages and of each the fields that it reads; others are skipped. */
const READ = {
  [`${SERVICE}.QueryWorkflowResponse`]: 'queryResult queryRejected',
  [`${SERVICE}.DescribeWorkflowExecutionResponse`]: 'workflowExecutionInfo',
  [`${SERVICE}.GetWorkflowExecutionHistoryResponse`]: 'history',
  [`${COMMON}.WorkflowExecution`]: 'runId',
  [`${COMMON}.Payload`]: 'metadata data',
  [`${COMMON}.Payloads`]: 'payloads',
  [`${COMMON}.Memo`]: 'fields',
  'temporal.api.query.v1.QueryRejected': 'status',
  'temporal.api.workflow.v1.WorkflowExecutionInfo': 'execution status memo',
  [`${HISTORY}.History`]: 'events',
  [`${HISTORY}.HistoryEvent`]:
    'workflowExecutionStartedEventAttributes workflowExecutionCompletedEventAttributes',
  [`${HISTORY}.WorkflowExecutionStartedEventAttributes`]: 'input',
  [`${HISTORY}.WorkflowExecutionCompletedEventAttributes`]: 'result',
  'google.rpc.Status': 'details',
  'google.protobuf.Any': 'type_url',
};

const ENUMS = [
  'HistoryEventFilterType',
  'QueryRejectCondition',
  'TaskQueueKind',
  'WorkflowExecutionStatus',
  'WorkflowIdConflictPolicy',
  'WorkflowIdReusePolicy',
];

/**
 * TypeScript for exactly these messages, from the definitions that Temporal's own client is made of.
 * @returns the text of cli/gateway/lean/messages.ts
 */
export function generateMessages() {
  const definitions = require('@temporalio/proto/protos/json-module.js');
  definitions.resolveAll();
  const typesOf = (wanted) =>
    Object.entries(wanted).map(([name, fields]) => {
      const type = definitions.lookupType(name);
      return { name: type.name, fields: fields.split(' ').map((field) => describe(type, field)) };
    });
  const [sent, read] = [typesOf(SENT), typesOf(READ)];
  const { version } = require('@temporalio/proto/package.json');
  return [
    `// Made by \`npm run generate\` from the definitions in @temporalio/proto ${version}. Not to be edited.`,
    "import { Reader, Writer } from './wire.ts';\n",
    ...ENUMS.map((name) => enumText(definitions.lookupEnum(`temporal.api.enums.v1.${name}`))),
    ...interfaces(sent, read).map(interfaceText),
    ...sent.map(encoderText),
    ...read.map(decoderText),
  ].join('\n');
}

function describe(type, name) {
  const field = type.fields[name];
  if (!field) throw new Error(`${type.fullName} has no field ${name}`);
  const resolved = field.resolvedType;
  const kind = resolved?.fields ? 'message' : resolved ? 'varint' : SCALARS[field.type];
  if (!kind) throw new Error(`${type.fullName}.${name} is of type ${field.type}, which is not provided for`);
  const wireType = field.map || kind !== 'varint' ? 2 : 0;
  const base =
    kind === 'message' ? resolved.name : ({ ...BASES, bool: 'boolean' }[field.type] ?? BASES[kind]);
  return { name, kind, base, map: field.map, repeated: field.repeated, tag: field.id * 8 + wireType };
}

const SCALARS = { string: 'string', bytes: 'bytes', bool: 'varint', int32: 'varint' };
const BASES = { string: 'string', bytes: 'Uint8Array', varint: 'number' };

/** One interface a message: what is sent and what is read of it together. */
function interfaces(sent, read) {
  const all = new Map();
  for (const { name, fields } of [...sent, ...read]) {
    const known = all.get(name) ?? [];
    all.set(name, [...known, ...fields.filter((field) => known.every((other) => other.name !== field.name))]);
  }
  return [...all].map(([name, fields]) => ({ name, fields }));
}

const enumText = ({ name, values }) => {
  const prefix = `${name.replaceAll(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()}_`;
  const rows = Object.entries(values).map(([key, value]) => `  ${key.replace(prefix, '')}: ${value},`);
  return `export const ${name} = {\n${rows.join('\n')}\n} as const;\n`;
};

const typeText = ({ base, map, repeated }) =>
  map ? `Readonly<Record<string, ${base}>>` : repeated ? `readonly ${base}[]` : base;

const interfaceText = ({ name, fields }) => {
  const rows = fields.map((field) => `  readonly ${field.name}?: ${typeText(field)} | undefined;`);
  return `export interface ${name} {\n${rows.join('\n')}\n}\n`;
};

const write = ({ kind, base }, tag, value) =>
  kind === 'message' ? `out.bytes(${tag}, encode${base}(${value}))` : `out.${kind}(${tag}, ${value})`;

function encoderText({ name, fields }) {
  const rows = fields.map((field) => {
    const value = `message.${field.name}`;
    if (field.map) {
      const inner = field.kind === 'message' ? `encode${field.base}(value)` : 'value';
      return (
        `  for (const [key, value] of Object.entries(${value} ?? {})) {\n` +
        `    const entry = new Writer();\n    entry.string(10, key);\n    entry.bytes(18, ${inner});\n` +
        `    out.bytes(${field.tag}, entry.finish());\n  }`
      );
    }
    if (field.repeated) return `  for (const value of ${value} ?? []) ${write(field, field.tag, 'value')};`;
    return `  if (${value} !== undefined) ${write(field, field.tag, value)};`;
  });
  return (
    `export function encode${name}(message: ${name}): Uint8Array {\n  const out = new Writer();\n` +
    `${rows.join('\n')}\n  return out.finish();\n}\n`
  );
}

function decoderText({ name, fields }) {
  const rows = fields.map((field) => {
    const { kind, base, tag } = field;
    const value = (from) =>
      kind === 'message'
        ? `decode${base}(${from}.bytes())`
        : kind === 'varint' && base === 'boolean'
          ? `${from}.varint() !== 0`
          : `${from}.${kind}()`;
    if (field.map) {
      return (
        `      case ${tag}: {\n        const entry = new Reader(from.bytes());\n        let key = '';\n` +
        `        for (let part = entry.tag(); part !== 0; part = entry.tag()) {\n` +
        `          if (part === 10) key = entry.string();\n` +
        `          else if (part === 18) ${field.name}[key] = ${value('entry')};\n` +
        `          else entry.skip(part);\n        }\n        break;\n      }`
      );
    }
    const statement = field.repeated
      ? `${field.name}.push(${value('from')})`
      : `${field.name} = ${value('from')}`;
    return `      case ${tag}:\n        ${statement};\n        break;`;
  });
  const declared = fields.map((field) => {
    if (field.map) return `  const ${field.name}: Record<string, ${field.base}> = {};`;
    return field.repeated
      ? `  const ${field.name}: ${field.base}[] = [];`
      : `  let ${field.name}: ${field.base} | undefined;`;
  });
  const result = fields.map((field) => field.name);
  return (
    `export function decode${name}(bytes: Uint8Array): ${name} {\n${declared.join('\n')}\n` +
    `  const from = new Reader(bytes);\n  for (let tag = from.tag(); tag !== 0; tag = from.tag()) {\n` +
    `    switch (tag) {\n${rows.join('\n')}\n      default:\n        from.skip(tag);\n    }\n  }\n` +
    `  return { ${result.join(', ')} };\n}\n`
  );
}
