// What benchmarks/viewer_browser.py asks of an opened model page. It is run with the page's policy switched off, so
// that it may import the page's own modules.

globalThis.probe = {
  /** Milliseconds of the main thread for one layer change, styles and layout included. */
  async layerChange(step) {
    const press = new KeyboardEvent("keydown", { key: step > 0 ? "]" : "[", bubbles: true });
    const began = performance.now();
    document.body.dispatchEvent(press);
    await Promise.resolve(); // the view follows in a microtask
    document.body.getBoundingClientRect();
    const took = performance.now() - began;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    return took;
  },

  /** The times of layer changes through all `steps` of the layers. */
  async sweep(steps, direction = 1) {
    const times = [];
    for (let step = 0; step < steps; step += 1) {
      times.push(await this.layerChange(direction));
      await pause(30); // labels of cells follow when idle
    }
    return times;
  },

  /** The same down and up again, some times over. */
  async sweeps(count, steps) {
    const times = [];
    for (let number = 0; number < count; number += 1) {
      times.push(...(await this.sweep(steps, -1)), ...(await this.sweep(steps)));
    }
    return times;
  },

  /** Milliseconds from a change of the search field to the counts of all images, drawn, for each query. */
  async searches(queries) {
    document.getElementById("search-button").click();
    const [text, progress] = ["search-text", "search-progress"].map((id) => document.getElementById(id));
    const found = [];
    for (const [query, by] of [["a", "word"], ...queries]) {
      document.querySelector(`#search-ways input[value=${by}]`).click();
      await settled(progress);
      text.value = query;
      const began = performance.now();
      text.dispatchEvent(new Event("input", { bubbles: true }));
      await settled(progress);
      document.body.getBoundingClientRect();
      const took = performance.now() - began;
      if (found.length === 0) await read(progress);
      found.push({ text: query, by, took, summary: document.getElementById("search-summary").textContent });
      await pause(200);
    }
    return found.slice(1); // the first one waits until all images are read
  },
};

/** Until all images are read, which the first search begins. */
async function read(progress) {
  await pause(1000);
  await settled(progress);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Until nothing is being read or searched; a task at a time, as a timer would add its own delay. */
async function settled(progress) {
  const { port1, port2 } = new MessageChannel();
  do {
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage("");
    });
  } while (progress.textContent !== "");
}
