/** The captions of the image: the data set's and the model's. */

import { byId, fill, make, visible } from "#viewer/dom";

/** Sets up the captions; the returned function shows a view in them. */
export function createCaptions() {
  const places = { truth: byId("caption"), model: byId("generated-caption") };

  /** @param {import("#viewer/view").View} view */
  return function show({ image }) {
    fill(places.truth, captionNode(image.caption));
    fill(places.model, captionNode(image.generatedCaption));
  };
}

/** @param {string | null} caption */
function captionNode(caption) {
  if (caption === null) return make("span", { class: "quiet" }, "none stored");
  return visible(caption, "", { spaces: false });
}
