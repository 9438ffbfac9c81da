import type { EventType } from '../../domain/events/event.ts';

/** What an event means to who is told of it; the table of docs/events.md is made from it (`npm run docs`). Markdown. */
export const EVENT_GUIDE: Readonly<Record<EventType, { readonly meaning: string; readonly fields: string }>> =
  {
    RequestCreated: {
      meaning:
        'Host Factory asked for machines; with a count of 0 an adopter took over machines without an owner',
      fields: '`templateId`, `count`, `deadline` (epoch ms), `callId` ([of the logs](logging.md))',
    },
    RequestStatusChanged: {
      meaning: 'what Host Factory is told of the request changed, or it settled, or it was cancelled',
      fields: '`status`, `message`, `phase` (`provisioning`, `settled`), `cancelled`',
    },
    LaunchDecided: { meaning: 'a launch is about to be sent to AWS', fields: '`ordinal`, `units`, `token`' },
    LaunchOverdue: {
      meaning:
        'what became of a launch is not known long after the deadline; a `LaunchSettled` still follows',
      fields: '`ordinal`',
    },
    LaunchSettled: {
      meaning: 'what a launch brought is known',
      fields: '`ordinal`, `units` asked for, `fulfilledUnits`',
    },
    ShortageReported: {
      meaning: 'AWS had no machines in a pool, or refused a launch there',
      fields: "`offering`, `code` (AWS's), `message`",
    },
    MachineCreated: {
      meaning: 'a machine of the request is known, by its launch or by its adoption',
      fields: '`machineId`, `instanceType`, `spot`, `units`',
    },
    MachineStatusChanged: {
      meaning: 'Host Factory is told another result of it, it got its name, or AWS refused to terminate it',
      fields:
        '`machineId`, `result`, `release`, `message`, `name`, `privateIp`, `publicIp`, `launchTime` (epoch s)',
    },
    MachineLost: {
      meaning:
        'it ended although nobody wanted it gone: a spot interruption, a failure, somebody at the console; a ' +
        '`MachineTerminated` follows. One that Host Factory gave back in time, after a notice, is not reclaimed',
      fields: "`machineId`, `reason` (AWS's)",
    },
    MachineTerminated: { meaning: 'AWS showed that it is gone', fields: "`machineId`, `reason` (AWS's)" },
    ReturnRequested: {
      meaning: 'machines are to be given back; a large return comes in several',
      fields: '`returnId`, `machineIds`, `callId`',
    },
    TemplateChanged: {
      meaning:
        'the first request that was made with a template of this name, or with it changed. Nobody watches the ' +
        'templates file: a change that no request uses, and a removal, are not told',
      fields:
        '`templateId`, `change` (`added`, `changed`), `keys` that changed, `template` without its user data',
    },
  };
