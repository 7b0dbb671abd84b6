/** Which images are being worked on now: a second work that would disturb is refused, as one that another process does is by the image's lock. */
import { Injectable } from '@nestjs/common';
import { inUse } from '../http/api-error.js';
import type { MediumRecord } from '../machines/settings.js';

interface Claim {
  readonly mode: 'read' | 'change';
  /** Such as `cloned`. */
  readonly doing: string;
}

@Injectable()
export class BusyMedia {
  private readonly claims = new Map<string, Set<Claim>>();

  /**
   * @param mode several may read an image at once
   * @returns what gives it back
   * @throws ApiError saying what is done to it
   */
  claim({ uuid, path }: MediumRecord, mode: Claim['mode'], doing: string): () => void {
    const present = this.claims.get(uuid) ?? new Set();
    const other = [...present].find((claim) => mode === 'change' || claim.mode === 'change');
    if (other) throw inUse(`image '${path}' is being ${other.doing}: wait until that has ended, or cancel its job`);
    const claim = { mode, doing };
    this.claims.set(uuid, present.add(claim));
    return () => {
      present.delete(claim);
      if (present.size === 0) this.claims.delete(uuid);
    };
  }

  /** @throws ApiError for an image that is being worked on */
  requireIdle(medium: MediumRecord): void {
    this.claim(medium, 'change', 'asked about')();
  }
}
