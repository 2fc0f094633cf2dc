// The playground: what a person moves, and what is computed and drawn from it.
(function () {
  "use strict";

  const { Plot, Transformer, prompts, solvers, playground: data } = globalThis.ickrr;
  const { task } = data;
  const GRID = 81; // queries of each curve
  const COARSE = 41; // while a point is dragged on a machine that is too slow for GRID
  const SLOW = 30; // [milliseconds a frame]
  const BAND = 2; // [posterior standard deviations]
  const DIVERGED = 1e3; // [labels]
  const KEY_STEP = 0.02; // of an arrow key, as a share of the shown range; five times that with Shift
  // Prompts drawn as in training are seldom more than twice as far from the posterior as the usual one.
  const USUAL = 2;
  const FAILING = 4;

  const model = new Transformer(data.model);
  const longest = model.sizes.context_length;
  const own = model.sizes.layers + 1; // the stop of the slider after the last layer: the model's own prediction
  const get = (id) => document.getElementById(id);
  const plot = new Plot(get("plot"), ["posterior", "null", "solver", "layer"]);
  const state = { preset: "training", seed: 1, points: [], noise: 0, view: 0, stop: own, chosen: -1, dragged: null };
  let height = 3; // half of the shown range of labels
  let waiting = false;
  let took = 0; // the last update [milliseconds]

  // What is computed.

  function computed() {
    const size = state.dragged !== null && took > SLOW ? COARSE : GRID;
    const grid = Float64Array.from({ length: size }, (_, i) => state.view * ((2 * i) / (size - 1) - 1));
    const x = state.points.map((point) => point.x), y = state.points.map((point) => point.y);
    const ridge = Math.max(state.noise ** 2, task.smallest_ridge);
    const layer = Math.min(state.stop, own - 1);
    const step = data.solver.step[layer], nullRidge = data.null.ridge[layer];
    const { layers, output } = model.predict(x, y, grid);
    return {
      grid,
      layer: state.stop === own ? output : layers[layer],
      solver: step === null ? null
        : solvers.preconditionedRichardson(x, y, grid, task.lengthscale, ridge, task.omega, step),
      null: nullRidge === null ? null : solvers.posterior(x, y, grid, task.lengthscale, nullRidge).mean,
      posterior: solvers.posterior(x, y, grid, task.lengthscale, ridge),
    };
  }

  function distance(a, b) {
    return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length);
  }

  // What is shown.

  function update() {
    waiting = false;
    const started = performance.now();
    const curves = computed();
    draw(curves);
    tell(curves);
    took = performance.now() - started;
  }

  function schedule() {
    if (!waiting) requestAnimationFrame(update);
    waiting = true;
  }

  const shown = (name) => get(`show-${name}`).checked;

  function draw({ grid, layer, solver, null: nullCurve, posterior: { mean, sd } }) {
    const band = shown("posterior");
    plot.band(grid, band && mean.map((m, i) => m - BAND * sd[i]), band && mean.map((m, i) => m + BAND * sd[i]));
    plot.curve("posterior", grid, band && mean);
    plot.curve("null", grid, shown("null") && nullCurve);
    plot.curve("solver", grid, shown("solver") && solver);
    plot.curve("layer", grid, shown("layer") && layer);
    plot.points(state.points, state.chosen);
  }

  const similarity = (value) => (value === null ? "–" : value.toFixed(3));
  const number = (value) => (value === null || !(Math.abs(value) < DIVERGED) ? "–" : value.toPrecision(2));

  function tell(curves) {
    const layer = Math.min(state.stop, own - 1);
    const last = state.stop === own;
    const name = last ? "the model’s own prediction" : layer === 0 ? "before the first layer" : `after layer ${layer}`;
    get("layer-name").textContent = name;
    get("layer").setAttribute("aria-valuetext", name);
    get("name-layer").textContent = last ? "The model’s own prediction" : `Transformer, ${name}, read by the probe`;
    const edge = data.solver.censored[layer] ? " or later" : "";
    const diverges = curves.solver?.some((value) => !(Math.abs(value) < DIVERGED)) ? "; it diverges" : "";
    get("name-solver").textContent = `Solver: step ${data.solver.step[layer] ?? "–"}${edge}${diverges}`;
    get("name-null").textContent = `Null: ridge ${number(data.null.ridge[layer])}, converged`;
    get("similarity-solver").textContent = similarity(data.solver.similarity[layer]);
    get("similarity-null").textContent = similarity(data.null.similarity[layer]);
    const from = (curve) => (curve ? number(distance(curves.layer, curve)) : "–");
    get("distance-solver").textContent = from(curves.solver);
    get("distance-null").textContent = from(curves.null);
    get("distance-posterior").textContent = from(curves.posterior.mean);
    judge(curves, last);
    get("noise-value").textContent = `σ = ${state.noise.toPrecision(2)}`;
    get("count").textContent = `${state.points.length} of at most ${longest} points`;
    get("add").disabled = state.points.length >= longest;
    get("remove").disabled = state.points.length === 0;
  }

  function judge({ layer, posterior }, last) {
    const far = distance(layer, posterior.mean);
    const usual = (last ? data.typical.output : data.typical.layers[state.stop])[state.points.length];
    const ratio = far / usual;
    const [verdict, words] = ratio < USUAL ? ["usual", "As near to the exact answer as usual."]
      : ratio < FAILING ? ["worse", "Worse than usual."]
      : ["fails", last ? "Here the model fails." : "Far worse than usual for this layer."];
    get("verdict").dataset.verdict = verdict;
    get("verdict-words").textContent = words;
    get("verdict-numbers").textContent = `The curve is ${number(far)} away from the posterior mean, `
      + `${number(ratio)} times as far as usual on prompts drawn as in training with as many points (${number(usual)}).`;
  }

  // What a person does.

  function load(preset) {
    state.preset = preset;
    const { points, noise, view } = prompts.draw(task, longest, preset, state.seed);
    Object.assign(state, { points, noise, view, chosen: -1, dragged: null });
    height = Math.max(3, Math.ceil(Math.max(0, ...points.map((point) => Math.abs(point.y))) + 0.5));
    get("noise").value = Math.log10(noise / task.noise_std);
    get("beyond").checked = view > task.end;
    get("preset-text").textContent = prompts.PRESETS[preset].text;
    for (const button of get("presets").children) {
      button.setAttribute("aria-pressed", button.value === preset);
    }
    frame();
  }

  function frame() {
    plot.frame(state.view, height, task.end);
    schedule();
  }

  function move(index, place) {
    state.points[index] = plot.within(place);
    schedule();
  }

  function add(place) {
    if (state.points.length >= longest) return;
    state.points.push(plot.within(place));
    choose(state.points.length - 1);
  }

  function remove(index) {
    if (index < 0) return;
    state.points.splice(index, 1);
    choose(Math.min(index, state.points.length - 1));
  }

  /** Make a point the chosen one, and give it the focus. */
  function choose(index) {
    state.chosen = index;
    plot.points(state.points, index);
    (index < 0 ? get("add") : plot.dots.children[index]).focus({ preventScroll: true });
    schedule();
  }

  /** Return the middle of the widest gap between inputs, where a new point says most. */
  function widestGap() {
    const x = [-state.view, ...state.points.map((point) => point.x).sort((a, b) => a - b), state.view];
    const gaps = x.slice(1).map((right, i) => right - x[i]);
    const widest = gaps.indexOf(Math.max(...gaps));
    return { x: (x[widest] + x[widest + 1]) / 2, y: 0 };
  }

  function listenToPlot() {
    const { svg } = plot;
    svg.addEventListener("pointerdown", (event) => {
      const index = plot.nearest(state.points, event.clientX, event.clientY);
      if (index < 0 || event.button > 0) return;
      event.preventDefault(); // no selection of text
      svg.setPointerCapture(event.pointerId);
      state.dragged = { index, pointer: event.pointerId };
      choose(index);
    });
    // A finger on a point drags it; elsewhere it scrolls the page.
    svg.addEventListener("touchstart", (event) => {
      const { clientX, clientY } = event.changedTouches[0];
      if (plot.nearest(state.points, clientX, clientY) >= 0) event.preventDefault();
    }, { passive: false });
    svg.addEventListener("pointermove", (event) => {
      if (state.dragged?.pointer === event.pointerId) move(state.dragged.index, plot.at(event.clientX, event.clientY));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      svg.addEventListener(end, () => {
        state.dragged = null;
        schedule();
      });
    }
    svg.addEventListener("dblclick", (event) => {
      const { clientX, clientY } = event;
      if (plot.nearest(state.points, clientX, clientY) < 0) add(plot.at(clientX, clientY));
    });
    svg.addEventListener("focusin", (event) => {
      state.chosen = plot.indexOf(event.target);
      schedule();
    });
    svg.addEventListener("keydown", (event) => {
      const index = plot.indexOf(event.target);
      const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
      if (index < 0 || !(arrow || event.key === "Delete" || event.key === "Backspace")) return;
      event.preventDefault(); // no scrolling
      if (!arrow) return remove(index);
      const step = KEY_STEP * (event.shiftKey ? 5 : 1);
      const { x, y } = state.points[index];
      move(index, { x: x + arrow[0] * step * state.view, y: y + arrow[1] * step * height });
    });
    new ResizeObserver(frame).observe(svg);
  }

  function listenToControls() {
    get("layer").max = own;
    get("layer").value = own;
    get("layer").addEventListener("input", (event) => {
      state.stop = Number(event.target.value);
      schedule();
    });
    get("noise").addEventListener("input", (event) => {
      state.noise = task.noise_std * 10 ** Number(event.target.value);
      schedule();
    });
    get("beyond").addEventListener("change", (event) => {
      state.view = (event.target.checked ? 2 : 1) * task.end;
      state.points = state.points.filter((point) => Math.abs(point.x) <= state.view);
      frame();
    });
    for (const name of ["layer", "solver", "null", "posterior"]) get(`show-${name}`).addEventListener("change", schedule);
    get("add").addEventListener("click", () => add(widestGap()));
    get("remove").addEventListener("click", () => remove(state.chosen < 0 ? state.points.length - 1 : state.chosen));
    get("again").addEventListener("click", () => {
      state.seed += 1;
      load(state.preset);
    });
    for (const [name, { title }] of Object.entries(prompts.PRESETS)) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", value: name, textContent: title });
      button.addEventListener("click", () => load(name));
      get("presets").append(button);
    }
  }

  listenToControls();
  listenToPlot();
  load("training");
})();
