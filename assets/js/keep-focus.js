/** Building a panel anew without taking the focus away from who uses it. */

/**
 * Rebuild what is in a panel. If a control in it had the focus, its counterpart, the control with the same
 * `data-control`, has it afterwards; where there is none any more, the panel's first button.
 * @param {HTMLElement} panel @param {() => void} rebuild
 */
export function keepFocus(panel, rebuild) {
  const { activeElement } = document;
  const control = panel.contains(activeElement) ? activeElement?.getAttribute("data-control") : null;
  rebuild();
  if (control == null) return;
  const controls = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll("[data-control]")]);
  const next = controls.find((element) => element.dataset.control === control) ?? controls[0];
  next?.focus({ preventScroll: true });
}
