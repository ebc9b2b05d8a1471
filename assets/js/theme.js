/*
 * Light or dark: the reader's choice if there is one, else the system's. Runs in <head>, before anything is
 * painted, so that a dark page never flashes white.
 */
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  /** Storage may be forbidden; the choice then lasts as long as the page. */
  const stored = () => {
    try {
      return localStorage.getItem("vlens-theme");
    } catch {
      return null;
    }
  };
  const store = (/** @type {string} */ theme) => {
    try {
      localStorage.setItem("vlens-theme", theme);
    } catch {
      // Nothing to do: see stored().
    }
  };

  const chosen = stored();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-theme-toggle]");
    if (!button) return;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
    root.dataset.theme = dark ? "light" : "dark";
    store(root.dataset.theme);
  });
})();
