/**
 * What the peer's clock shows at an instant of this side's: both are asked for again and again, and the exchange that took the shortest tells
 * best, to half of what it took. Pure.
 */
export class PeerClock {
  private shortest = Infinity;
  private ahead = 0;

  /** @param sent when it was asked, @param received when the answer came, by this side; @param told what it says. Milliseconds */
  measured(sent: number, received: number, told: number): void {
    const took = received - sent;
    if (took >= this.shortest) return;
    this.shortest = took;
    this.ahead = told - (sent + received) / 2;
  }

  /** Milliseconds that the answer may be wrong by; Infinity before the first. */
  get doubt(): number {
    return this.shortest / 2;
  }

  /** What it shows when this side's shows `at`. */
  at(at: number): number {
    return at + this.ahead;
  }
}
