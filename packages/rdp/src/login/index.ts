/** The login dialog's face to the rest of the package. */
export { LoginDialog, type LoginDialogOptions } from './dialog.js';
