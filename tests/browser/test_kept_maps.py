"""Maps are painted once, ahead of the reader: a step to another layer copies a picture."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.model_page import ModelPage
from tests.generator import tiny_study

START = "#image=scene-0&layer=0&patch=1,1&map=words&lens=logit"
LAYERS = [str(layer) for layer in tiny_study.LAYERS]
# Words of maps have a rim; the marks of pins, drawn anew for each view, have none.
COUNT_WORDS = """() => {
  window.written = 0;
  const write = CanvasRenderingContext2D.prototype.strokeText;
  CanvasRenderingContext2D.prototype.strokeText = function (...given) {
    window.written += 1;
    return write.apply(this, given);
  };
}"""
# What is painted ahead asks for one idle moment a layer.
UNTIL_IDLE = """async () => {
  for (let moment = 0; moment < 20; moment += 1) {
    await new Promise((done) => requestIdleCallback(done, { timeout: 200 }));
  }
}"""


def test_a_step_to_another_layer_writes_no_word(page: Page, tiny_site: Path) -> None:
    ModelPage.open(page, tiny_site / "models/alpha-round.html", START)
    page.evaluate(UNTIL_IDLE)
    page.evaluate(COUNT_WORDS)
    for key, layers in (("]", LAYERS[1:]), ("[", LAYERS[-2::-1])):
        for layer in layers:
            page.keyboard.press(key)
            expect(page.locator("#layer-value")).to_have_text(layer)
    page.evaluate(UNTIL_IDLE)
    assert page.evaluate("written") == 0
