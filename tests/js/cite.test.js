import assert from "node:assert/strict";
import { test } from "node:test";

import { bibtex, texText } from "#viewer/cite";

const CITED = {
  study: { id: "toy", title: "The toy world" },
  model: { id: "olmo-clip", title: "OLMo + CLIP" },
  citation: {
    version: "0.1.0",
    schema: 1,
    studyConfiguration: "aa11",
    configuration: "bb22",
    corpus: "toy captions (3000 texts)",
    run: "2026-11-21",
  },
  address: "https://example.org/models/olmo-clip.html#image=1&layer=3",
  view: "image=1&layer=3",
};

test("a page is cited with the provenance of its results", () => {
  assert.equal(
    bibtex(CITED),
    `@misc{vlens-toy-olmo-clip,
  title        = {{OLMo + CLIP: what its vision tokens mean. The toy world}},
  year         = {2026},
  month        = nov,
  howpublished = {Page made with V-Lens 0.1.0},
  url          = {https://example.org/models/olmo-clip.html#image=1&layer=3},
  note         = {Study toy, configuration aa11; model olmo-clip, configuration bb22; corpus: toy captions (3000 texts); results of 2026-11-21; results schema 1; view: image=1\\&layer=3},
}
`,
  );
});

test("the key is that of the study and the model, whatever is shown and whenever it was made", () => {
  const key = (changes) => bibtex({ ...CITED, ...changes }).match(/^@misc\{([^,]*),/)[1];
  assert.equal(key({ address: "", view: "layer=0" }), "vlens-toy-olmo-clip");
  assert.equal(key({ citation: { ...CITED.citation, run: "2031-01-02", version: "9" } }), "vlens-toy-olmo-clip");
  assert.equal(key({ study: { id: "a b{", title: "" } }), "vlens-a_b_-olmo-clip");
});

test("a page without a version names V-Lens alone", () => {
  const text = bibtex({ ...CITED, citation: { ...CITED.citation, version: "" } });
  assert.match(text, /howpublished = \{Page made with V-Lens\},/);
});

test("what is not known is left out", () => {
  const citation = { ...CITED.citation, run: null, corpus: null, studyConfiguration: "" };
  const text = bibtex({ ...CITED, citation, address: "" });
  assert.doesNotMatch(text, /year|month|url|corpus|null|undefined/);
  assert.match(text, /^@misc\{vlens-toy-olmo-clip,$/m);
  assert.match(text, /Study toy; model olmo-clip/);
});

test("characters that mean something to TeX are written as characters", () => {
  assert.equal(texText("50% of $x_1 & #2~^"), "50\\% of \\$x\\_1 \\& \\#2\\textasciitilde{}\\textasciicircum{}");
  assert.equal(texText("}\\input{x}"), "\\textbraceright{}\\textbackslash{}input\\textbraceleft{}x\\textbraceright{}");
  assert.equal(texText("a\n\n b\u2028\u202ec\u0000"), "a b⟨U+2028⟩⟨U+202E⟩c⟨U+0000⟩");
});

const depth = (text) => [...text].reduce((open, char) => open + (char === "{") - (char === "}"), 0);

test("no title can close a field or begin an entry", () => {
  const hostile = '}},\n@misc{evil, title = {"x"}\\end{document}%{{{';
  const text = bibtex({
    ...CITED,
    study: { id: "toy", title: hostile },
    model: { id: "olmo-clip", title: hostile },
    citation: { ...CITED.citation, corpus: hostile },
    address: `https://example.org/#only=${hostile}`,
    view: hostile,
  });
  assert.equal(depth(text), 0);
  assert.equal(text.match(/^@/gm).length, 1);
  assert.equal(text.split("\n").length, 9);
  // Every line is an opening, a closing, or a whole field.
  for (const line of text.split("\n").slice(1, -2)) assert.equal(depth(line), 0, line);
});
