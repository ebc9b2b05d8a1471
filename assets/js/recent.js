/** The last few of what costs memory: what was not asked for the longest is let go. */

/** @template K, V */
export class Recent {
  #most;
  #letGo;
  /** In the order of their last use. @type {Map<K, V>} */
  #kept = new Map();

  /** @param {number} most @param {(value: V) => void} [letGo] what to do with a value that is not kept */
  constructor(most, letGo = () => {}) {
    this.#most = most;
    this.#letGo = letGo;
  }

  /** The value of a key, made if it is not kept. @param {K} key @param {() => V} make @returns {V} */
  get(key, make) {
    const value = this.#kept.has(key) ? /** @type {V} */ (this.#kept.get(key)) : make();
    this.#kept.delete(key);
    this.#kept.set(key, value);
    for (const oldest of [...this.#kept.keys()].slice(0, -this.#most)) this.drop(oldest);
    return value;
  }

  /** The value of a key if it is kept; this is no use of it. @param {K} key */
  peek(key) {
    return this.#kept.get(key);
  }

  /** @param {K} key */
  drop(key) {
    const value = this.#kept.get(key);
    if (!this.#kept.delete(key)) return;
    this.#letGo(/** @type {V} */ (value));
  }
}
