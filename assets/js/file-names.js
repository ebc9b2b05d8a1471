/** Names of saved files, made from ids that the build has checked. */

/** Longest name that every file system takes, without its ending. */
const LONGEST = 200;

/**
 * `study-model-image-layer-3-words.png`.
 * @param {(string | number)[]} parts @param {string} ending @returns {string}
 */
export function fileName(parts, ending) {
  const name = parts.map((part) => String(part).replace(/[^A-Za-z0-9._+-]/g, "_")).join("-");
  return `${name.slice(0, LONGEST)}.${ending}`;
}
