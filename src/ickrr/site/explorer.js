// The Explorer: what is chosen (the state, kept in the address), the data of runs (loaded as scripts), and the page
// around the plots. The plots themselves are in explorer_plots.js.
"use strict";

const explorer = (() => {
  const form = document.getElementById("choices");
  const field = (name) => form.elements[name];
  const text = (id, words) => { document.getElementById(id).textContent = words; };
  const runs = {}; // data by run, once they are loaded
  let state = {};

  const start = () => ({
    run: Object.keys(FACTS.runs)[0],
    seed: null,
    solver: FACTS.headline[0],
    statistic: Object.keys(FACTS.statistics)[0],
    layer: null,
    n: null,
    error: Object.keys(FACTS.measures)[0],
    beside: FACTS.headline,
    added: FACTS.families[0],
    to: FACTS.families[2],
  });

  // The address.

  function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    const found = start();
    const known = { run: FACTS.runs, solver: FACTS.solvers, statistic: FACTS.statistics, error: FACTS.measures };
    const families = Object.fromEntries(FACTS.families.map((name) => [name, name]));
    Object.assign(known, { added: families, to: families });
    for (const [key, names] of Object.entries(known)) {
      if (Object.hasOwn(names, given.get(key) ?? "")) found[key] = given.get(key);
    }
    for (const key of ["seed", "layer", "n"]) {
      if (/^\d+$/.test(given.get(key) ?? "")) found[key] = Number(given.get(key));
    }
    if (given.has("beside")) found.beside = given.get("beside").split(",").filter((name) => name in FACTS.solvers);
    return within(found);
  }

  function write() {
    const { beside, ...rest } = state;
    const words = new URLSearchParams({ ...rest, beside: beside.join(",") }).toString().replaceAll("%2C", ",");
    if (`#${words}` !== location.hash) history.replaceState(null, "", `#${words}`);
  }

  // What a run does not have is replaced by its own first seed, last layer and largest context length.
  function within(wanted) {
    const about = FACTS.runs[wanted.run];
    const contexts = about.contexts;
    const seed = about.seeds.includes(wanted.seed) ? wanted.seed : about.seeds[0];
    const layer = wanted.layer !== null && wanted.layer <= about.layers ? wanted.layer : about.layers;
    const n = contexts.includes(wanted.n) ? wanted.n : contexts.at(-1);
    const to = wanted.to !== wanted.added ? wanted.to : FACTS.families.find((name) => name !== wanted.added);
    return { ...wanted, seed, layer, n, to };
  }

  // The data.

  function load(run) {
    if (run in runs) return;
    runs[run] = null;
    const script = document.createElement("script");
    script.src = `explorer/${run}.js`;
    script.onerror = () => text("told", `The data of ${run} are missing: explorer/${run}.js is not there.`);
    document.head.append(script);
  }

  function loaded(run, data) {
    runs[run] = data;
    if (state.run === run) show();
  }

  // What the chosen solver, or another, has at the chosen layer.
  function match(solver, layer = state.layer) {
    const found = runs[state.run].seeds[state.seed].matches[solver];
    if (!found) return null;
    const by = state.statistic === "distance" ? ["nearest", "nearest_censored"] : ["step", "censored"];
    const interval = state.statistic === "distance" ? [null, null] : [found.low[layer], found.high[layer]];
    return { step: found[by[0]][layer], censored: found[by[1]][layer], interval };
  }

  function view() {
    const data = runs[state.run];
    const seed = data.seeds[state.seed];
    return {
      ...state,
      layers: FACTS.runs[state.run].layers,
      contexts: data.contexts,
      grid: (solver) => seed.curves[solver]?.[state.statistic] ?? [],
      measure: state.error,
      identification: data.identification,
      filters: data.filters,
      error: (method) => (seed.errors[method] ?? data.methods[method])?.[state.error] ?? [],
      match,
    };
  }

  // The page.

  function options(select, values, chosen) {
    select.replaceChildren(...values.map((value) => new Option(value, value, false, value === chosen)));
  }

  function controls() {
    const about = FACTS.runs[state.run];
    options(field("seed"), about.seeds, state.seed);
    options(field("n"), about.contexts, state.n);
    field("layer").max = about.layers;
    for (const key of ["run", "solver", "statistic", "layer", "error", "added", "to"]) field(key).value = state[key];
    for (const box of field("beside")) box.checked = state.beside.includes(box.value);
    text("layer-shown", `${state.layer} of ${about.layers}`);
  }

  const shown = (value) => (value === null || value === undefined ? "undefined" : value.toPrecision(3));

  function row(solver) {
    const { step, censored, interval } = match(solver) ?? { step: null, interval: [null, null] };
    const at = step === null ? null : Math.round(step);
    const v = view();
    const ends = interval[0] === null ? "–" : `${interval[0]} to ${interval[1]}`;
    const words = [
      step === null ? "undefined" : `${step}${censored ? " (edge of the grid)" : ""}`,
      ends,
      shown(at === null ? null : v.grid(solver)[state.layer]?.[at]),
      shown(at === null ? null : v.error(solver)[at]?.[v.contexts.indexOf(state.n)]),
    ];
    const line = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = FACTS.solvers[solver].name;
    line.append(head, ...words.map((word) => Object.assign(document.createElement("td"), { className: "number", textContent: word })));
    return line;
  }

  function tell() {
    const { step, censored } = match(state.solver) ?? { step: null };
    const name = FACTS.solvers[state.solver].name;
    const words = FACTS.statistics[state.statistic];
    const best = step === null ? "no defined best step" : `its best step ${step}${censored ? ", the edge of the grid" : ""}`;
    text("told", `${state.run.replaceAll("_", " ")}, seed ${state.seed}, layer ${state.layer}: by ${words}, ${name} has ${best}.`);
    text("named", named());
    for (const label of document.querySelectorAll(".of-families")) label.hidden = !runs[state.run].identification;
    text("statistic-shown", words);
    text("n-shown", state.n);
    document.querySelector("#numbers tbody").replaceChildren(...Object.keys(FACTS.solvers).map(row));
  }

  // What the identification says of the chosen layer.
  function named() {
    const found = runs[state.run].identification;
    if (!found) return "The layers of this run are not identified.";
    if (state.layer === 0) return "Layer 0 is the embedding, which is not identified.";
    const [name, survivors] = [found.named, found.survivors].map((of) => of[state.seed][state.layer - 1]);
    return `The identification says “${name}” of this layer; it is compatible with ${survivors.join(", ") || "no family"}.`;
  }

  function show() {
    controls();
    write();
    load(state.run);
    if (runs[state.run] === null) return; // it comes back here when they are loaded
    tell();
    plots.draw(view(), change);
  }

  function change(some) {
    state = within({ ...state, ...some });
    show();
  }

  form.addEventListener("input", (event) => {
    const { name, value } = event.target;
    if (name === "beside") change({ beside: [...field("beside")].filter((box) => box.checked).map((box) => box.value) });
    else change({ [name]: ["seed", "layer", "n"].includes(name) ? Number(value) : value });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    change(start());
  });
  addEventListener("hashchange", () => change(read()));
  document.addEventListener("themechange", () => {
    plots.forget();
    show();
  });

  // After this script's end, so that the data of runs, which are scripts, find `explorer`.
  addEventListener("DOMContentLoaded", () => change(read()));

  return { loaded };
})();
