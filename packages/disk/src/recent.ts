/** A bounded memory of what was made last: the parts of large tables that are read piece by piece. Pure. */

export class Recent<V> {
  private readonly values = new Map<number, Promise<V>>();

  /** @param limit values that are kept */
  constructor(private readonly limit: number) {}

  /** The value of `key`, made when it is not there; a failure is not kept. */
  get(key: number, make: () => Promise<V>): Promise<V> {
    const found = this.values.get(key);
    if (found) {
      this.values.delete(key);
      this.values.set(key, found);
      return found;
    }
    const made = make();
    this.values.set(key, made);
    made.catch(() => this.values.delete(key));
    if (this.values.size > this.limit) this.values.delete(this.values.keys().next().value!);
    return made;
  }
}
