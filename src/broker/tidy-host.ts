import type { BrokerContext } from './context.js';

/** Takes the instance's traces off the host when no jail of it runs any more: nft table, forwarding, cgroup. Else they must stay. */
export async function tidyHost(context: BrokerContext): Promise<void> {
  if (context.runtime.listRunning().length > 0) return;
  try {
    await context.nat.remove();
  } catch (error) {
    context.log.event('network.degraded', { while: 'removing the network of the jails', error });
  }
  try {
    context.runtime.removeCgroup();
  } catch (error) {
    context.log.fault('removing the cgroup of the jails', error);
  }
}
