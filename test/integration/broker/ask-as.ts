/**
 * Run with another uid: asks one question at a door socket and prints the answer as JSON, or the code of what went wrong. With a number
 * of doors it asks at so many, one after the other, and holds them all.
 */
import { addon } from '../../../src/base/addon.js';
import { isJaildError } from '../../../src/errors/jaild-error.js';
import { DoorClient } from '../../../src/privsep/door-client.js';
import type { RequestName } from '../../../src/privsep/request-table.js';

const [socket = '', request = '', question = '{}', count = '1'] = process.argv.slice(2);

async function askOnce(): Promise<DoorClient | undefined> {
  let door: DoorClient | undefined;
  try {
    door = new DoorClient(addon.connectUnix(socket, 'stream'));
    const { answer } = await door.ask(request as RequestName, JSON.parse(question) as never, 5_000);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    const code = isJaildError(error) ? error.code : (error as { code?: string }).code;
    process.stdout.write(`${code ?? String(error)}\n`);
  }
  return door;
}

const doors: (DoorClient | undefined)[] = [];
for (let asked = 0; asked < Number(count); asked += 1) doors.push(await askOnce());
for (const door of doors) door?.close();
