/** A machine as `list vms` prints it. Pure. */
import type { MachineSummary } from '@belvedere/client';

export const formatMachineLine = ({ name, uuid }: MachineSummary): string => `"${name}" {${uuid}}\n`;
