export function repack(from: string, to: string): Promise<{ size: number; md5: string; sha256: string }>;
