/** Answers are kept in this browser after each change; where that is forbidden, the page says so once. */

/**
 * @param {string} name what the answers are kept under
 * @param {() => void} forbidden is called the first time that nothing can be kept
 */
export function createStore(name, forbidden) {
  let told = false;
  const refuse = () => {
    if (!told) forbidden();
    told = true;
  };
  return {
    /** @returns {string | null} */
    read() {
      try {
        return localStorage.getItem(name);
      } catch {
        refuse();
        return null;
      }
    },
    /** @param {string} text @returns {boolean} whether it is kept */
    write(text) {
      try {
        localStorage.setItem(name, text);
        return true;
      } catch {
        refuse();
        return false;
      }
    },
  };
}
