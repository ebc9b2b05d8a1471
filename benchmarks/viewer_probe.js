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

  /** The times of layer changes up all `steps` of the layers and down again, some times over. */
  async sweeps(count, steps) {
    const times = [];
    for (let number = 0; number < count * 2 * steps; number += 1) {
      times.push(await this.layerChange(Math.floor(number / steps) % 2 === 0 ? 1 : -1));
      await new Promise((resolve) => setTimeout(resolve, 30)); // labels of cells follow when idle
    }
    return times;
  },

  /** The page's search over all of its images: milliseconds of each query, and how many rows it finds. */
  async searches(queries) {
    const { openPage } = await import("#viewer/payload");
    const { Search, SearchIndex } = await import("#viewer/search");
    const { matcherOf } = await import("#viewer/search-matcher");
    const page = await openPage(document);
    const index = new SearchIndex(page);
    const readings = [];
    for (const [number, { canvas }] of page.images.entries()) {
      const reading = index.read(await page.image(number), canvas.rows * canvas.cols);
      let step = reading.next();
      while (!step.done) step = reading.next();
      readings.push(step.value);
    }
    return queries.map(([text, by]) => {
      const began = performance.now();
      const search = new Search(index, matcherOf({ text, by }), true);
      const found = readings.map((reading) => search.hits(reading, page.topK));
      const took = performance.now() - began;
      const hits = found.reduce((sum, { counts }) => sum + counts.reduce((a, b) => a + b, 0), 0);
      return { text, by, took, hits };
    });
  },
};
