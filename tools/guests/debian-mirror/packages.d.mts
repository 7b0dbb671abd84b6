export interface Package {
  readonly name: string;
  readonly version: string;
  readonly text: string;
  readonly filename: string;
  readonly size: number;
  readonly sha256: string;
  readonly fields: ReadonlyMap<string, string>;
}
export function parsePackages(index: string): Package[];
export function closure(packages: readonly Package[], wanted: readonly string[]): Package[];
