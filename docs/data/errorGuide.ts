import type { ErrorCode, ProviderErrorKind } from '../../domain/errors/errors.ts';

/** What an operator should know of an error; docs/errors.md is made from it (`npm run docs`). Markdown. */
export interface ErrorGuideEntry {
  readonly cause: string;
  readonly remedy: string;
}

export const ERROR_GUIDE: Readonly<Record<ErrorCode, ErrorGuideEntry>> = {
  VALIDATION: {
    cause: 'the input of a call is not what it may be: a wrong key, type or number',
    remedy: 'mend the input; the message names the value and what is allowed',
  },
  BUSINESS_RULE: {
    cause: 'the input is right, but a rule forbids it now: the provider is drained, the request is closed',
    remedy: 'do what the message says, e.g. `ohf drain --undo`',
  },
  NOT_FOUND: {
    cause: 'no template, request or machine has that name',
    remedy: 'look at what there is: `ohf templates`, `ohf requests --all`, `ohf machines`',
  },
  CONFIGURATION: {
    cause: 'a setting, a file, or the set-up of Temporal is missing or wrong; the same call fails again',
    remedy: '`ohf config check` finds all of it at once; for Temporal `ohf temporal setup --check`',
  },
  STORAGE: {
    cause: 'the read model on disk cannot be read or written: no room, no permission, a damaged file',
    remedy: 'mend what the message names. No request depends on it: Temporal holds the truth',
  },
  PROVIDER: {
    cause: 'AWS refused or failed a call; the message has its own code',
    remedy: 'by its kind, see below',
  },
  UNAVAILABLE: {
    cause: 'Temporal cannot be reached, or did not answer in time',
    remedy:
      "nothing if it passes: Host Factory asks again. Else see `ohf health`, Temporal's log, the network",
  },
  COMMAND: {
    cause: 'a command failed for a reason that the product does not expect',
    remedy: 'see the stack in the log; the same command may be run again',
  },
  QUERY: {
    cause: 'a query failed for a reason that the product does not expect',
    remedy: 'see the stack in the log; a query changes nothing',
  },
};

export const PROVIDER_ERROR_GUIDE: Readonly<Record<ProviderErrorKind, ErrorGuideEntry>> = {
  throttled: {
    cause: 'more calls than the account may make',
    remedy: 'nothing: the worker slows down and tries again; if it lasts, ask AWS for a higher rate',
  },
  capacity: {
    cause: 'AWS has no machines of the type there, or a quota is used up',
    remedy: 'name more types and subnets in the template, or raise the quota',
  },
  ambiguous: {
    cause: 'no answer came: the call may have worked or not',
    remedy: 'nothing: the worker repeats it with the same token, by which AWS does it once',
  },
  notSent: { cause: 'the call never left: no name, no route, no connection', remedy: 'see to the network' },
  stale: {
    cause: 'AWS does not know yet, or no longer, what was just made or ended',
    remedy: 'nothing: the worker reads again',
  },
  credentials: {
    cause: 'there are no credentials, they have expired, or they lack a permission',
    remedy: "mend the worker's role; `ohf iam-policy` prints what it needs",
  },
  permanent: {
    cause: 'AWS refuses the call for what it says: an image, subnet or key that is wrong or gone',
    remedy: 'mend the template; the message has the words of AWS',
  },
};
