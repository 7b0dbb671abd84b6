// Guests for tests and for the demo, built from source: where their images are, and how the test card is driven and judged.
export { TESTCARD_FLOPPY, TESTCARD_ISO, LINUX_PASSWORD, debianInstallerIso, debianMirror, linuxIso } from './images.js';
export { BLOCKS, BLOCK_SIZE, blockContent, blockOffset } from './blocks.js';
export { writeBlockWriterIso, writeUnattendedIso, type UnattendedAnswers } from './composed.js';
export { MIRROR_DIRECTORY, serveMirror, type Mirror } from './mirror.js';
export { RECTANGLE, blinkArea, expectedPicture, pictureColour, shownColour, statusArea, type Area, type Mode, type Picture } from './picture.js';
export { KEYS_ROW, TEXT_COLUMNS, TEXT_CURSOR, TEXT_ROWS, expectedText, textPicture, type TextLook } from './text.js';
export { TestCard, TestCardError, benchResult, journalSum, type CardEvent, type KeyEvent, type MouseEvent, type PowerButtonEvent, type ReadyEvent } from './testcard.js';
