/** Run with another uid: asks one question at a door socket and prints the answer as JSON, or the code of what went wrong. */
import { addon } from '../../../src/base/addon.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { DoorClient } from '../../../src/privsep/door-client.js';
import type { RequestName } from '../../../src/privsep/request-table.js';

const [socket = '', request = '', question = '{}'] = process.argv.slice(2);

let door: DoorClient | undefined;
try {
  door = new DoorClient(addon.connectUnix(socket, 'stream'));
  const { answer } = await door.ask(request as RequestName, JSON.parse(question) as never, 5_000);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  const code = isJaildError(error) ? error.code : (error as { code?: string }).code;
  process.stdout.write(`${code ?? String(error)}\n`);
} finally {
  door?.close();
}
