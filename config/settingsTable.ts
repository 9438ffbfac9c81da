// Written by `npm run docs` from schema.ts, which is where a setting is changed.
import type { Config, SettingPath } from './config.ts';
import type { SettingRule } from './settingRule.ts';

export const SETTINGS: Readonly<Record<SettingPath, SettingRule>> & Readonly<Record<string, SettingRule>> = {
  'temporal.address': { type: "string", pattern: /^(?:[^\s:/]+|\[[0-9a-fA-F:.]+\]):(?!0+$)(?:[0-5]?\d{1,4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/, env: ["TEMPORAL_ADDRESS"], allowed: "host:port, e.g. \"127.0.0.1:7233\"" },
  'temporal.namespace': { type: "string", pattern: /^\S{1,255}$/, env: ["TEMPORAL_NAMESPACE"], allowed: "the name of a Temporal namespace" },
  'temporal.tls': { type: "boolean", allowed: "true, false", env: ["TEMPORAL_TLS"] },
  'temporal.tls.serverNameOverride': { type: "string", pattern: /^\S(.*\S)?$/, allowed: "a host name" },
  'temporal.tls.caFile': { type: "string", pattern: /^\S(.*\S)?$/, allowed: "the path of a PEM file" },
  'temporal.tls.certFile': { type: "string", pattern: /^\S(.*\S)?$/, allowed: "the path of a PEM file" },
  'temporal.tls.keyFile': { type: "string", pattern: /^\S(.*\S)?$/, allowed: "the path of a PEM file" },
  'temporal.apiKey': { type: "string", pattern: /^\S(.*\S)?$/, isSecret: true, env: ["TEMPORAL_API_KEY"], allowed: "a Temporal API key" },
  'temporal.deadlineSeconds': { type: "integer", minimum: 1, maximum: 120, allowed: "a whole number from 1 to 120 (seconds)" },
  'temporal.allowDevServer': { type: "boolean", allowed: "true or false" },
  'provider.type': { type: "string", enum: ["aws"], allowed: "aws" },
  'provider.name': { type: "string", pattern: /^[\w-]{1,64}$/, env: ["HF_PROVIDER_NAME"], allowed: "1 to 64 of 0-9 A-Z a-z _ -" },
  'provider.deployment': { type: "string", pattern: /^[a-z0-9-]{1,24}$/, env: ["OHF_DEPLOYMENT"], allowed: "1 to 24 of a-z 0-9 -" },
  'provider.ibmConfigFile': { type: "string", pattern: /^\/.*\S$/, allowed: "an absolute path" },
  'provider.aws.region': { type: "string", pattern: /^[a-z]{2,}(-[a-z0-9]+)+$/, env: ["AWS_REGION"], allowed: "an AWS region, e.g. \"eu-west-1\"" },
  'provider.aws.endpoint': { type: "string", pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, env: ["OHF_AWS_ENDPOINT"], allowed: "an http or https URL, e.g. \"http://127.0.0.1:4566\"", format: "url" },
  'provider.aws.credentialFile': { type: "string", pattern: /^\/.*\S$/, allowed: "an absolute path" },
  'provider.aws.profile': { type: "string", pattern: /^\S(.*\S)?$/, env: ["AWS_PROFILE"], allowed: "the name of a profile of the AWS credential files" },
  'provider.aws.role.arn': { type: "string", pattern: /^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/, allowed: "the ARN of an IAM role", isRequired: true },
  'provider.aws.role.externalId': { type: "string", pattern: /^[\w+=,.@:\\/-]{2,1224}$/, isMasked: true, allowed: "2 to 1224 of 0-9 A-Z a-z + = , . @ : \\ / _ -" },
  'provider.aws.proxy': { type: "string", pattern: /^https?:\/\/[^\s/@]+:\d{1,5}\/?$/, allowed: "the URL of an HTTP proxy, e.g. \"http://proxy:3128\"" },
  'provider.aws.connectTimeoutSeconds': { type: "number", minimum: 0.001, maximum: 2147483.647, allowed: "a number from 0.001 to 2147483.647 (seconds)" },
  'provider.aws.readRetries': { type: "integer", minimum: 0, maximum: 10, allowed: "a whole number from 0 to 10 (retries)" },
  'provider.aws.readRetrySeconds': { type: "number", minimum: 0, maximum: 10, allowed: "a number from 0 to 10 (seconds)" },
  'provider.aws.pollSeconds.min': { type: "number", minimum: 0.1, maximum: 300, allowed: "a number from 0.1 to 300 (seconds)" },
  'provider.aws.pollSeconds.max': { type: "number", minimum: 0.1, maximum: 300, allowed: "a number from 0.1 to 300 (seconds)" },
  'provider.aws.consistencySeconds': { type: "integer", minimum: 0, maximum: 240, allowed: "a whole number from 0 to 240 (seconds)" },
  'provider.aws.sweepSeconds': { type: "number", minimum: 0.25, maximum: 3600, allowed: "a number from 0.25 to 3600 (seconds)" },
  'provider.aws.requestShare': { type: "number", minimum: 0.05, maximum: 100, allowed: "a number from 0.05 to 100 (of 1)" },
  'provider.aws.interruptionQueue': { type: "string", pattern: /^https?:\/\/[^\s/]+\/\d{12}\/[\w.-]+$/, allowed: "the URL of an SQS queue, e.g. \"https://sqs.eu-west-1.amazonaws.com/123456789012/ohf\"", format: "url" },
  'provider.aws.rebalance': { type: "string", enum: ["note","report"], allowed: "note, report" },
  'provider.aws.hostName': { type: "string", enum: ["private-dns","resource-name","short","ip","ip-hex"], allowed: "private-dns, resource-name, short, ip, ip-hex" },
  'provider.aws.hostDomain': { type: "string", pattern: /^(?=.{1,190}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/, allowed: "a DNS domain in lower case, e.g. \"grid.example.com\"" },
  'request.deadlineSeconds': { type: "integer", minimum: 30, maximum: 86400, allowed: "a whole number from 30 to 86400 (seconds)" },
  'request.bootTimeoutSeconds': { type: "integer", minimum: 30, maximum: 86400, allowed: "a whole number from 30 to 86400 (seconds)" },
  'unacknowledged.maxMissedLists': { type: "integer", minimum: 2, maximum: 10000, allowed: "a whole number from 2 to 10000 (lists)" },
  'unacknowledged.minAgeSeconds': { type: "integer", minimum: 1, maximum: 86400, allowed: "a whole number from 1 to 86400 (seconds)" },
  'unacknowledged.breakerPercent': { type: "integer", minimum: 1, maximum: 100, allowed: "a whole number from 1 to 100 (percent)" },
  'logging.level': { type: "string", enum: ["trace","debug","info","warn","error"], allowed: "trace, debug, info, warn, error" },
  'logging.directory': { type: "string", pattern: /^\/.*\S$/, allowed: "an absolute path" },
  'logging.maxFileMegabytes': { type: "number", minimum: 0.01, maximum: 10000, allowed: "a number from 0.01 to 10000 (MB)" },
  'logging.keepFiles': { type: "integer", minimum: 0, maximum: 1000, allowed: "a whole number from 0 to 1000 (files)" },
  'logging.acceptPropagated': { type: "boolean", allowed: "true or false" },
  'logging.stdout': { type: "boolean", allowed: "true or false" },
  'logging.syslog.address': { type: "string", pattern: /^udp:\/\/[^\s:/]+:\d{1,5}$/, allowed: "udp://host:port, e.g. \"udp://127.0.0.1:514\"", isRequired: true },
  'logging.syslog.facility': { type: "string", enum: ["user","daemon","local0","local1","local2","local3","local4","local5","local6","local7"], allowed: "user, daemon, local0, local1, local2, local3, local4, local5, local6, local7" },
  'logging.otlp.url': { type: "string", pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, allowed: "an http or https URL, e.g. \"http://127.0.0.1:4318/v1/logs\"", format: "url", isRequired: true },
  'logging.otlp.headersFile': { type: "string", pattern: /^\/.*\S$/, allowed: "an absolute path" },
  'storage.type': { type: "string", enum: ["json","sqlite"], allowed: "json, sqlite" },
  'storage.directory': { type: "string", pattern: /^\/.*\S$/, allowed: "an absolute path" },
  'storage.keepDays': { type: "integer", minimum: 1, maximum: 3650, allowed: "a whole number from 1 to 3650 (days)" },
  'events.audit': { type: "boolean", allowed: "true or false" },
  'events.webhook.url': { type: "string", pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, allowed: "an http or https URL, e.g. \"https://hooks.example.com/ohf\"", format: "url", isRequired: true },
  'events.webhook.secretFile': { type: "string", pattern: /^\/.*\S$/, allowed: "an absolute path" },
  'events.webhook.types': { type: "string", pattern: /^\s*(?:RequestCreated|RequestStatusChanged|LaunchDecided|LaunchOverdue|LaunchSettled|ShortageReported|MachineCreated|MachineStatusChanged|MachineLost|MachineTerminated|ReturnRequested|TemplateChanged)\s*(?:,\s*(?:RequestCreated|RequestStatusChanged|LaunchDecided|LaunchOverdue|LaunchSettled|ShortageReported|MachineCreated|MachineStatusChanged|MachineLost|MachineTerminated|ReturnRequested|TemplateChanged)\s*)*$/, allowed: "types of events separated by commas: RequestCreated, RequestStatusChanged, LaunchDecided, LaunchOverdue, LaunchSettled, ShortageReported, MachineCreated, MachineStatusChanged, MachineLost, MachineTerminated, ReturnRequested, TemplateChanged" },
  'events.webhook.timeoutSeconds': { type: "integer", minimum: 1, maximum: 60, allowed: "a whole number from 1 to 60 (seconds)" },
  'events.sns.topicArn': { type: "string", pattern: /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/, allowed: "the ARN of a topic of Amazon SNS, e.g. \"arn:aws:sns:eu-west-1:123456789012:ohf\"", isRequired: true },
  'events.sns.endpoint': { type: "string", pattern: /^https?:\/\/[^\s/]+(\/\S*)?$/, allowed: "an http or https URL, e.g. \"https://vpce-0a1b2c3d.sns.eu-west-1.vpce.amazonaws.com\"", format: "url" },
  'events.sns.types': { type: "string", pattern: /^\s*(?:RequestCreated|RequestStatusChanged|LaunchDecided|LaunchOverdue|LaunchSettled|ShortageReported|MachineCreated|MachineStatusChanged|MachineLost|MachineTerminated|ReturnRequested|TemplateChanged)\s*(?:,\s*(?:RequestCreated|RequestStatusChanged|LaunchDecided|LaunchOverdue|LaunchSettled|ShortageReported|MachineCreated|MachineStatusChanged|MachineLost|MachineTerminated|ReturnRequested|TemplateChanged)\s*)*$/, allowed: "types of events separated by commas: RequestCreated, RequestStatusChanged, LaunchDecided, LaunchOverdue, LaunchSettled, ShortageReported, MachineCreated, MachineStatusChanged, MachineLost, MachineTerminated, ReturnRequested, TemplateChanged" },
  'events.module': { type: "string", pattern: /^\/.*\S$/, allowed: "an absolute path" },
  'metrics.listen': { type: "string", pattern: /^(?:[^\s:/]+|\[[0-9a-fA-F:.]+\]):(?!0+$)(?:[0-5]?\d{1,4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/, allowed: "host:port, e.g. \"127.0.0.1:9464\"" },
  'metrics.cloudWatch.namespace': { type: "string", pattern: /^(?!AWS\/|:)[\w./#:-]{1,255}$/, allowed: "up to 255 of 0-9 A-Z a-z . - _ / # : and not AWS/" },
};

/** The embedded setup on one machine. */
export const DEFAULTS: Config = {
  "temporal": {
    "address": "127.0.0.1:7233",
    "namespace": "default",
    "deadlineSeconds": 8
  },
  "provider": {
    "type": "aws",
    "name": "awsinst",
    "deployment": "embedded",
    "aws": {
      "region": "us-east-1",
      "connectTimeoutSeconds": 3,
      "readRetries": 2,
      "readRetrySeconds": 0,
      "pollSeconds": {
        "min": 1,
        "max": 15
      },
      "consistencySeconds": 60,
      "sweepSeconds": 60,
      "requestShare": 0.7,
      "rebalance": "note",
      "hostName": "private-dns"
    }
  },
  "request": {
    "deadlineSeconds": 900
  },
  "unacknowledged": {
    "maxMissedLists": 60,
    "minAgeSeconds": 1200,
    "breakerPercent": 20
  },
  "logging": {
    "level": "info",
    "maxFileMegabytes": 10,
    "keepFiles": 5,
    "acceptPropagated": true,
    "stdout": true
  },
  "storage": {
    "type": "json",
    "keepDays": 30
  },
  "events": {
    "audit": true
  },
  "metrics": {
    "cloudWatch": {}
  }
};
