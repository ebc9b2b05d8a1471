// The measure that the charts show, kept in the address: `#measure=named`.
(() => {
  const inputs = [...document.querySelectorAll('[name="metric"]')];

  function restore() {
    const wanted = new URLSearchParams(location.hash.slice(1)).get("measure");
    const found = inputs.find((input) => input.value === wanted);
    if (found) found.checked = true;
  }

  for (const input of inputs) {
    input.addEventListener("change", () => history.replaceState(null, "", `#measure=${input.value}`));
  }
  addEventListener("hashchange", restore);
  restore();
})();
