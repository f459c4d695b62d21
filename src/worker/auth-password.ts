import type { ConnectionDoor } from './connection-door.js';
import type { MethodRequest, MethodVerdict } from './login.js';

/** What the door carries; the broker refuses much shorter ones before any hashing. */
const maxPasswordBytes = 32 * 1024;

/** Password, or password change (RFC 4252 section 8): bytes as they came. */
export async function checkPassword(door: ConnectionDoor, { user, reader }: MethodRequest): Promise<MethodVerdict> {
  const isChange = reader.boolean();
  const password = reader.string();
  const newPassword = isChange ? reader.string() : null;
  if (password.length > maxPasswordBytes || (newPassword?.length ?? 0) > maxPasswordBytes)
    return { outcome: 'oversized' };
  const { answer } = await door.ask('check-password', {
    user,
    service: 'ssh-connection',
    password: password.toString('base64'),
    ...(newPassword !== null && { newPassword: newPassword.toString('base64') }),
  });
  return answer;
}
