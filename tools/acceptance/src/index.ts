export { Home, freePort, type Done, type Status } from './home.js';
export { LinuxShell } from './linux-shell.js';
export { attachDvd, startTestCard } from './machines.js';
export { highlight, showsDialog } from './installer.js';
