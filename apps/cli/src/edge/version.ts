/** The versions that the commands speak of. Pure. */

/** The VirtualBox whose commands and texts these are; Vagrant and others check it against the range that they know. */
export const VIRTUALBOX = '7.0.20';
export const VIRTUALBOX_REVISION = 'r163906';
export const BELVEDERE = '0.1.0';
