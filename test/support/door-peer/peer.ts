import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { addon } from '../../../src/base/addon.js';
import { projectRoot } from '../../../src/base/project-root.js';
import { maxFrameBytes } from '../../../src/privsep/frame.js';
import { FrameSocket } from '../../../src/privsep/frame-socket.js';
import { PeerDoor, type PeerOptions } from './door.js';
import { duplicate } from './duplicate.js';

const identification = 'jaild';
const program = join(projectRoot, 'dist/test/support/door-peer/fixtures/worker-program.js');

/**
 * A real worker process with everything around it that it needs to serve real SSH clients: stands in for listener, broker and keeper on
 * the worker's own sockets. `close` ends all of it.
 */
export class DoorPeer {
  readonly port: number;
  readonly worker: ChildProcess;
  readonly doors: PeerDoor[] = [];
  readonly messages: string[] = [];
  readonly #server: Server;
  readonly #control: FrameSocket;

  private constructor(server: Server, options: PeerOptions) {
    this.#server = server;
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
    const [ours, theirs] = addon.socketPair('stream');
    this.worker = spawn(process.execPath, [program], { stdio: ['ignore', 'inherit', 'inherit', theirs], cwd: '/' });
    addon.close(theirs);
    this.#control = new FrameSocket(ours, maxFrameBytes, {
      frame: ({ message }) => this.#onMessage(message, options),
      closed: () => undefined,
    });
    server.on('connection', (socket) => this.#handOver(socket, options));
  }

  /** Starts everything on a free loopback port; resolves when the worker says that it is ready. */
  static async start(options: PeerOptions = {}, port = 0): Promise<DoorPeer> {
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const peer = new DoorPeer(server, options);
    await peer.#ready;
    return peer;
  }

  #settleReady: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => {
    this.#settleReady = resolve;
  });

  close(): void {
    this.#server.close();
    this.#control.close();
    this.worker.kill('SIGKILL');
  }

  /** Ends the doors as a broker does that is killed. */
  loseBroker(): void {
    for (const door of this.doors.splice(0)) door.close();
  }

  #handOver(socket: Socket, options: PeerOptions): void {
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    const line = Buffer.from(`SSH-2.0-${identification}\r\n`);
    addon.write(fd, line);
    const connectionId = `c${this.doors.length + 1}`;
    const door = this.#makeDoor(connectionId, options);
    const message = {
      type: 'connection',
      connectionId,
      source: '127.0.0.1',
      sourcePort: socket.remotePort,
      local: '127.0.0.1',
      localPort: this.port,
      deadlineMs: options.graceMs ?? 120_000,
      identification,
    };
    this.#control.send(message, [duplicate(fd), door]);
    socket.destroy();
  }

  #makeDoor(connectionId: string, options: PeerOptions): number {
    const [ours, theirs] = addon.socketPair('stream');
    this.doors.push(new PeerDoor(ours, connectionId, options));
    return theirs;
  }

  #onMessage(message: Readonly<Record<string, unknown>>, options: PeerOptions): void {
    this.messages.push(String(message['type']));
    if (message['type'] === 'ready') this.#settleReady();
    if (message['type'] === 'need-resume') {
      const connectionId = String(message['connectionId']);
      this.#control.send({ type: 'resume-socket', connectionId }, [this.#makeDoor(connectionId, options)]);
    }
  }
}
