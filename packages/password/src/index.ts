export { ntHash } from './nt-hash.js';
export { teleporterKey } from './teleporter.js';
export { decoy, type HashAlgorithm, hashAlgorithms, HashFormatError, hashPassword, parseHash, type ScryptCost, type StoredHash, verifyPassword } from './stored.js';
