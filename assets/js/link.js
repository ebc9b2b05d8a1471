/**
 * Writing the address. Browsers refuse pages that write it too often (Safari: 100 times in 30 s), which a
 * held key would do; so changes that follow each other closely are written once, a moment later.
 */

/** Milliseconds between two writings. */
const INTERVAL = 400;

/**
 * @typedef {object} Address what the browser does; tests pass their own
 * @property {(hash: string) => void} replace
 * @property {(hash: string) => void} push
 * @property {() => number} now milliseconds
 * @property {(work: () => void, delay: number) => unknown} later
 *
 * @param {Address} address
 */
export function linkWriter(address) {
  /** @type {string | null} */
  let waiting = null;
  let last = -Infinity;

  function flush() {
    if (waiting === null) return;
    address.replace(waiting);
    last = address.now();
    waiting = null;
  }

  return {
    /** Write the last hash that is still waiting. */
    flush,
    /** The hash becomes the address of the present entry of the history, now or soon. @param {string} hash */
    replace(hash) {
      const due = last + INTERVAL - address.now();
      const idle = waiting === null;
      waiting = hash;
      if (due <= 0) flush();
      else if (idle) address.later(flush, due);
    },
    /** The hash becomes a new entry, which the browser's Back leaves. @param {string} hash */
    push(hash) {
      flush();
      address.push(hash);
      last = address.now();
    },
    /** Whether a hash waits to be written. */
    waits: () => waiting !== null,
  };
}

/** The browser's own address; whether it lags behind the page is on record as `data-unsaved`. */
export function browserLink() {
  const root = document.documentElement;
  const writer = linkWriter({
    replace: (hash) => {
      history.replaceState(null, "", `#${hash}`);
      delete root.dataset.unsaved;
    },
    push: (hash) => history.pushState(null, "", `#${hash}`),
    now: () => performance.now(),
    later: (work, delay) => setTimeout(work, delay),
  });
  window.addEventListener("pagehide", writer.flush);
  return {
    ...writer,
    /** @param {string} hash */
    replace(hash) {
      root.dataset.unsaved = "true";
      writer.replace(hash);
    },
  };
}
