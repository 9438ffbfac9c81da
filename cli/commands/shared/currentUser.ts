import { hostname, userInfo } from 'node:os';

/** `user@host`, for the audit trail. */
export function currentUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // The user id has no name, as in some containers.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}
