"use strict";
// Filters, folds and copies. All that is shown is in the page without it.
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const batches = [...document.querySelectorAll(".batch")];
  const filters = ["lane", "migration", "impact"];
  root.classList.add("js");

  for (const name of filters) {
    for (const value of [...new Set(batches.map((batch) => batch.dataset[name]))]) {
      find(name).append(new Option(value, value));
    }
  }

  // What is filtered is in the address, so that it can be sent to somebody.
  const read = () => new URLSearchParams(location.hash.slice(1));
  const write = () => {
    const state = new URLSearchParams();
    for (const name of ["search", ...filters]) if (find(name).value) state.set(name, find(name).value);
    if (root.classList.contains("wide")) state.set("sides", "2");
    const open = batches.find((batch) => batch.open);
    if (open) state.set("open", open.id);
    history.replaceState(null, "", `#${state}`);
  };
  const filter = () => {
    const words = find("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const batch of batches) {
      const text = words.length ? batch.textContent.toLowerCase() : "";
      const fits = filters.every((name) => !find(name).value || find(name).value === batch.dataset[name]);
      batch.hidden = !fits || !words.every((word) => text.includes(word));
    }
  };
  const light = () => {
    const open = batches.filter((batch) => batch.open);
    const keys = new Set(open.flatMap((batch) => batch.dataset.reaches.split(" ")));
    document.body.classList.toggle("focus", open.length > 0);
    for (const part of document.querySelectorAll("svg [data-key]")) part.classList.toggle("now", keys.has(part.dataset.key));
  };
  const sides = (wide) => {
    root.classList.toggle("wide", wide);
    find("sides").setAttribute("aria-pressed", String(wide));
  };

  const state = read();
  for (const name of ["search", ...filters]) if (state.get(name)) find(name).value = state.get(name);
  sides(state.get("sides") === "2");
  const first = state.get("open") && find(state.get("open"));
  if (first) { first.open = true; first.scrollIntoView(); }
  filter();
  light();

  for (const name of ["search", ...filters]) find(name).addEventListener("input", () => { filter(); write(); });
  find("sides").addEventListener("click", () => { sides(!root.classList.contains("wide")); write(); });
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  for (const batch of batches) batch.addEventListener("toggle", () => { light(); write(); });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  // `/` searches, `j` and `k` go from batch to batch, `d` shows two sides.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    const shown = batches.filter((batch) => !batch.hidden);
    const place = shown.findIndex((batch) => batch.contains(document.activeElement));
    const step = { j: 1, k: -1 }[event.key];
    if (event.key === "/") { event.preventDefault(); find("search").focus(); }
    else if (event.key === "d") find("sides").click();
    else if (step && shown.length) {
      const next = shown[Math.min(Math.max(place + step, 0), shown.length - 1)];
      next.querySelector("summary").focus();
    }
  });
})();
