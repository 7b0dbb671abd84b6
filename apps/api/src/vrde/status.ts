/** What a machine process says of its remote display, as it is answered. Pure. */
import type { VrdeStatus } from '@belvedere/control';
import type { VrdeStatus as VrdeAnswer } from '../machines/machine.dto.js';

/** A copy that may be changed. */
export const describeStatus = (vrde: VrdeStatus): VrdeAnswer => ({
  ...vrde,
  clients: vrde.clients.map((client) => ({ ...client, dropped: client.dropped.map((each) => ({ ...each })) })),
});
