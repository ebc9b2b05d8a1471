/**
 * Object URLs of pictures. Each holds a picture's bytes until it is revoked, so only the last few are kept; one
 * that is on screen stays until it no longer is, however many were made since.
 */

import { Recent } from "#viewer/recent";

export class PictureUrls {
  /** @type {Recent<string, Promise<string>>} */
  #recent;
  /** Let go of while they were on screen. @type {Set<string>} */
  #lateOnes = new Set();
  /** @type {Set<string>} */
  #shown = new Set();

  /** @param {number} most so many are kept */
  constructor(most) {
    this.#recent = new Recent(most, (url) => url.then((text) => this.#letGo(text), () => {}));
  }

  /**
   * The URL of a picture, made if it is not kept; what fails is not kept.
   * @param {string} key @param {() => Promise<string>} make
   */
  get(key, make) {
    const url = this.#recent.get(key, make);
    url.catch(() => this.#recent.drop(key));
    return url;
  }

  /** Say which pictures are on screen now. @param {string[]} urls */
  onScreen(urls) {
    this.#shown = new Set(urls);
    const gone = [...this.#lateOnes].filter((url) => !this.#shown.has(url));
    for (const url of gone) {
      this.#lateOnes.delete(url);
      URL.revokeObjectURL(url);
    }
  }

  /** @param {string} url */
  #letGo(url) {
    if (this.#shown.has(url)) this.#lateOnes.add(url);
    else URL.revokeObjectURL(url);
  }
}
