/**
 * Playing through the layers: one after the other, about two a second, up to the last, where it stops. The
 * next step is planned only when the last one has been painted, so a slow machine plays slower and never
 * falls behind.
 */

/** Milliseconds that a layer stands. */
const STANDS = 500;

/**
 * @typedef {object} Reel what is played
 * @property {number} last index of the last layer
 * @property {() => number} at index of the layer that is shown
 * @property {(layer: number) => unknown} go
 * @property {(playing: boolean) => void} changed
 *
 * @typedef {object} Clock what the browser does; tests pass their own
 * @property {(work: () => void) => unknown} painted calls once what was drawn is on the screen
 * @property {(work: () => void, delay: number) => unknown} later
 */

/** @type {Clock} */
const BROWSER = {
  painted: (work) => requestAnimationFrame(() => requestAnimationFrame(work)),
  later: (work, delay) => setTimeout(work, delay),
};

/** @param {Reel} reel @param {Clock} [clock] */
export function player({ last, at, go, changed }, clock = BROWSER) {
  /** The turn that is played; work that was planned in an earlier one has no say. */
  let turn = 0;
  let playing = false;

  /** @param {number} mine */
  function plan(mine) {
    clock.painted(() => clock.later(() => mine === turn && playing && step(), STANDS));
  }

  function step() {
    go(at() + 1);
    if (at() >= last) stop();
    else plan(turn);
  }

  /** Begin where the reader is; on the last layer, from the first. */
  function start() {
    if (playing || last < 1) return;
    turn += 1;
    playing = true;
    changed(true);
    if (at() >= last) go(0);
    plan(turn);
  }

  function stop() {
    if (!playing) return;
    playing = false;
    changed(false);
  }

  return { stop, toggle: () => (playing ? stop() : start()) };
}
