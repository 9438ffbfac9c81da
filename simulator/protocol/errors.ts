/** An error as EC2 answers it: a code, a message and the HTTP status AWS uses for that code. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
  }
}

/** A required parameter is absent. */
export function missingParameter(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
}

/** A parameter has a value that AWS does not take. */
export function invalidValue(name: string, value: string | number, why = ''): AwsError {
  return new AwsError(
    'InvalidParameterValue',
    `Value (${value}) for parameter ${name} is invalid.${why === '' ? '' : ` ${why}`}`,
  );
}

/** Something AWS does and this simulator does not: refused loudly, so that no test passes by accident. */
export function notSimulated(what: string): AwsError {
  return new AwsError('UnsupportedOperation', `The simulated AWS does not do this: ${what}`);
}
