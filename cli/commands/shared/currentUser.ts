import { hostname, userInfo } from 'node:os';

/** `user@host`, for the audit trail. */
export function currentUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without a name, as in some containers.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}
