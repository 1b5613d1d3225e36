// Controls above a picture. Python draws the picture again when a control changes: see panel.py.

function render({ model, el }) {
  el.classList.add("enronlib-panel");
  el.dataset.lmSuppressShortcuts = "true"; // keys belong to the controls, not to JupyterLab's commands
  el.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const cell = el.closest(".jp-Cell");
    if (!cell || event.key !== "Enter" || !(event.shiftKey || event.ctrlKey || event.metaKey)) return;
    event.preventDefault(); // it runs the cell, as anywhere else in JupyterLab
    cell.focus();
    cell.dispatchEvent(new KeyboardEvent("keydown", event));
  });
  const bar = append(el, "div", { role: "group", className: "controls" });
  bar.setAttribute("aria-label", model.get("label"));
  const picture = append(el, "div", { className: "picture" });
  const says = append(el, "p", { className: "says" });
  says.setAttribute("aria-live", "polite");

  const change = (name, value) => {
    model.set("values", { ...model.get("values"), [name]: value });
    model.save_changes();
  };
  const controls = model.get("controls");
  const updates = controls.map((control) => KINDS[control.kind](bar, control, (value) => change(control.name, value)));

  const show = () => {
    updates.forEach((update, number) => update(model.get("values")[controls[number].name], model.get("controls")[number]));
    picture.innerHTML = model.get("picture");
    says.textContent = model.get("says");
  };
  ["values", "controls", "picture", "says"].forEach((name) => model.on(`change:${name}`, show));
  show();
}

function append(parent, tag, properties) {
  return parent.appendChild(Object.assign(document.createElement(tag), properties));
}

// Each kind of control is a function that builds it and returns a function that shows a value in it.
const KINDS = {
  // One step after the other: buttons, and a slider for those who want to jump.
  steps(bar, control, changed) {
    const box = append(bar, "span", { className: "control" });
    const back = append(box, "button", { type: "button", textContent: "◀ Back" });
    const slider = range(box, control, changed);
    const next = append(box, "button", { type: "button", textContent: "Next ▶" });
    back.onclick = () => changed(Number(slider.value) - 1);
    next.onclick = () => changed(Number(slider.value) + 1);
    const disable = (button, disabled) => {
      if (disabled && button.matches(":focus")) slider.focus(); // a disabled button receives no keys
      button.disabled = disabled;
    };
    return (value, { min, max }) => {
      Object.assign(slider, { min, max, value });
      disable(back, value <= min);
      disable(next, value >= max);
    };
  },

  number(bar, control, changed) {
    const box = append(bar, "label", { className: "control", textContent: `${control.label} ` });
    const slider = range(box, control, changed);
    const shown = append(box, "output", {});
    slider.oninput = () => { shown.textContent = slider.value; };
    return (value, { min, max }) => {
      Object.assign(slider, { min, max, value });
      shown.textContent = value;
    };
  },

  // A number that counts only once its button is pressed.
  guess(bar, control, changed) {
    const box = append(bar, "label", { className: "control", textContent: `${control.label} ` });
    const slider = range(box, control, null);
    const number = append(box, "input", { type: "number", min: control.min, max: control.max, step: control.step });
    number.setAttribute("aria-label", control.label);
    slider.oninput = () => { number.value = slider.value; };
    number.oninput = () => { slider.value = number.value; };
    const done = append(bar, "button", { type: "button", textContent: "This is my guess" });
    done.onclick = () => {
      number.value = slider.value; // which keeps within its range whatever was typed
      changed(Number(slider.value));
    };
    number.onkeydown = (event) => { if (event.key === "Enter") done.click(); };
    slider.value = number.value = (control.min + control.max) / 2;
    number.value = slider.value;
    return (value) => { if (value !== null) slider.value = number.value = value; };
  },

  choice(bar, control, changed) {
    const buttons = control.options.map((option, number) => {
      const button = append(bar, "button", { type: "button", textContent: option });
      button.onclick = () => changed(number);
      return button;
    });
    return (value) => buttons.forEach((button, number) => button.setAttribute("aria-pressed", number === value));
  },

  list(bar, control, changed) {
    const box = append(bar, "label", { className: "control", textContent: `${control.label} ` });
    const select = append(box, "select", {});
    control.options.forEach((option, number) => append(select, "option", { value: number, textContent: option }));
    select.onchange = () => changed(Number(select.value));
    return (value) => { select.value = value; };
  },

  switch(bar, control, changed) {
    const box = append(bar, "label", { className: "control" });
    const input = append(box, "input", { type: "checkbox" });
    box.append(` ${control.label}`);
    input.onchange = () => changed(input.checked);
    return (value) => { input.checked = value; };
  },
};

function range(parent, control, changed) {
  const { min, max, step = 1 } = control;
  const slider = append(parent, "input", { type: "range", min, max, step });
  slider.setAttribute("aria-label", control.label);
  if (changed) slider.onchange = () => changed(Number(slider.value));
  return slider;
}

export default { render };
