/** Waiting until the browser has nothing else to do, for work that nobody waits for yet. */

const whenIdle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 50));

/**
 * Resolves when the browser is idle, or after `timeout` milliseconds if it never is.
 * @param {number} [timeout] @returns {Promise<unknown>}
 */
export const idle = (timeout) => new Promise((resolve) => whenIdle(resolve, timeout ? { timeout } : undefined));
