import { DoorPeer } from './peer.js';

// For trying clients by hand: `node dist/test/support/door-peer/serve.js PORT`.
const peer = await DoorPeer.start({}, Number(process.argv[2] ?? 0));
console.log(`ready ${peer.port} worker ${peer.worker.pid}`);
peer.worker.on('exit', (code, signal) => {
  console.log(`worker ended ${code} ${signal}`);
  process.exit(1);
});
