/** Writes the image of the guest that writes blocks. @param linux the small Linux guest's image @param mirror the mirror's folder, which has the modules for IDE disks @param writer the program */
export function writeBlockWriter(path: string, from: { linux: string; installer: string; mirror: string; writer: string }): Promise<void>;
