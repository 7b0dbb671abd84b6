/** The middle of some numbers. Pure. @throws when there are none */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new RangeError('no numbers, no median');
  return sorted.length % 2 ? middle : (middle + sorted[sorted.length / 2 - 1]!) / 2;
}
