// The plots of the Explorer. They are built once for each theme and then only given other data. Those of the families
// of predictors are in explorer_families.js.
"use strict";

const plots = (() => {
  const { Plotting, ColumnDataSource, LinearColorMapper, ColorBar, BoxAnnotation } = Bokeh;
  const { nan, ink, dash, figure, hover, curves, visible, strip } = drawing;
  const SHADES = 64;

  function map() {
    const made = figure({ x_axis_label: "step", y_axis_label: "layer", x_range: new Bokeh.DataRange1d({ range_padding: 0 }), y_range: new Bokeh.DataRange1d({ range_padding: 0 }) });
    const cells = new ColumnDataSource({ data: { x: [], y: [], value: [] } });
    const best = new ColumnDataSource({ data: { x: [], y: [], fill: [] } });
    const palette = Bokeh.Palettes.cividis(SHADES);
    const mapper = new LinearColorMapper({ palette, low: 0, high: 1, nan_color: theme.colour("--line") });
    const bar = new ColorBar({ color_mapper: mapper, background_fill_color: theme.colour("--paper"), major_label_text_color: theme.colour("--ink"), bar_line_color: null, width: 12 });
    made.add_layout(bar, "right");
    const shade = { field: "value", transform: mapper };
    const rects = made.rect({ field: "x" }, { field: "y" }, 1, 1, { source: cells, line_color: shade, fill_color: shade });
    made.scatter({ field: "x" }, { field: "y" }, { source: best, size: 8, marker: "circle", fill_color: { field: "fill" }, line_color: "#ffffff", line_width: 1.5 });
    const row = new BoxAnnotation({ fill_alpha: 0, line_alpha: 1, line_color: "#e0245e", line_width: 3 });
    made.add_layout(row);
    hover(made, [rects], [["layer", "@y"], ["step", "@x"], ["value", "@value"]]);
    return {
      made,
      press: (event) => ({ layer: event.y }),
      update(view) {
        const grid = view.grid(view.solver);
        const flat = grid.flatMap((values, y) => values.map((value, x) => ({ x, y, value: nan(value) })));
        // Step 0 is the zero predictor and layer 0 the embedding, so far away that nothing else would be told apart.
        const found = flat.filter((cell) => cell.x > 0 && cell.y > 0).map((cell) => cell.value).filter(Number.isFinite);
        const near = view.statistic === "distance";
        cells.data = Object.fromEntries(["x", "y", "value"].map((key) => [key, flat.map((cell) => cell[key])]));
        // A distance of one is that of the zero predictor; what lies beyond is not told apart.
        mapper.setv({ low: Math.min(...found), high: near ? Math.min(1, Math.max(...found)) : Math.max(...found), palette: near ? [...palette].reverse() : palette });
        const marks = grid.map((_, y) => ({ y, ...view.match(view.solver, y) })).filter((mark) => mark.step !== null);
        best.data = { x: marks.map((mark) => mark.step), y: marks.map((mark) => mark.y), fill: marks.map((mark) => (mark.censored ? "rgba(0,0,0,0)" : "#000000")) };
        row.setv({ bottom: view.layer - 0.5, top: view.layer + 0.5 });
        return `Rows are layers, columns are steps of ${FACTS.solvers[view.solver].name}; lighter is nearer. Dots are best steps, open at the edge of the grid; the frame is the chosen layer.`;
      },
    };
  }

  function steps() {
    const made = figure({ x_axis_label: "layer", y_axis_label: "best step", x_range: visible(), y_range: visible() });
    const set = curves(made, FACTS.solvers, [["solver", "@name"], ["layer", "@x"], ["best step", "@y"]]);
    const mark = strip(made);
    return {
      made,
      press: (event) => ({ layer: event.x }),
      update(view) {
        for (const solver of Object.keys(FACTS.solvers)) {
          const layers = view.beside.includes(solver) ? view.grid(solver).map((_, x) => ({ x, ...view.match(solver, x) })) : [];
          set(solver, layers.map(({ x, step, censored, interval }) => ({ x, y: step, low: interval?.[0], high: interval?.[1], open: censored })));
        }
        mark(view.layer);
        const ends = view.statistic === "similarity" ? " Lines across are bootstrap intervals over prompts." : "";
        return `For each solver, the step that is nearest to the layer. Open marks lie at the edge of the grid.${ends}`;
      },
    };
  }

  function curve() {
    const made = figure({ x_axis_label: "step", x_range: visible(), y_range: visible() });
    const set = curves(made, FACTS.solvers, [["solver", "@name"], ["step", "@x"], ["value", "@y{0.0000}"]], false);
    return {
      made,
      update(view) {
        // Solvers that diverge would leave nothing to see of the others.
        const cut = view.statistic === "distance" ? 1.5 : Infinity;
        for (const solver of Object.keys(FACTS.solvers)) {
          const values = view.beside.includes(solver) ? (view.grid(solver)[view.layer] ?? []) : [];
          set(solver, values.map((y, x) => ({ x, y: y !== null && y > cut ? null : y })));
        }
        made.yaxes[0].axis_label = FACTS.statistics[view.statistic];
        return `Layer ${view.layer} against every step of each solver.${cut < Infinity ? ` Distances above ${cut} are left out.` : ""}`;
      },
    };
  }

  const MODELS = Object.fromEntries(Object.entries(FACTS.models).map(([name, look]) => [name, look]));

  function depth() {
    const made = figure({ x_axis_label: "layer of the transformer, step of a solver", y_axis_type: "log", x_range: visible(), y_range: visible() });
    const set = curves(made, { ...FACTS.solvers, transformer: MODELS.transformer }, [["", "@name"], ["layer or step", "@x"], ["error", "@y{0.0000}"]], false);
    const mark = strip(made);
    return {
      made,
      update(view) {
        const at = view.contexts.indexOf(view.n);
        const zero = view.error("transformer")[0]?.[at] ?? Infinity;
        const by = (method) => view.error(method).map((values, x) => ({ x, y: values[at] > 0 && values[at] < 10 * zero ? values[at] : null }));
        for (const solver of Object.keys(FACTS.solvers)) set(solver, view.beside.includes(solver) ? by(solver) : []);
        set("transformer", by("transformer"));
        mark(view.layer);
        made.yaxes[0].axis_label = FACTS.measures[view.measure];
        return `At context length n = ${view.n}, on a logarithmic axis. Black or white: the transformer. Errors above ten times that of its layer 0 are left out.`;
      },
    };
  }

  function context() {
    const made = figure({ x_axis_label: "context length n", y_axis_type: "log", x_range: visible(), y_range: visible() });
    const set = curves(made, { ...FACTS.solvers, ...MODELS }, [["", "@name"], ["n", "@x"], ["error", "@y{0.0000}"]], false);
    const mark = strip(made);
    return {
      made,
      update(view) {
        const by = (method, row) => (view.error(method)[row] ?? []).map((y, i) => ({ x: view.contexts[i], y: y > 0 ? y : null }));
        for (const solver of Object.keys(FACTS.solvers)) {
          const found = view.beside.includes(solver) ? view.match(solver) : null;
          set(solver, found && found.step !== null ? by(solver, Math.round(found.step)) : []);
        }
        set("transformer", by("transformer", view.layer));
        set("transformer_output", by("transformer_output", 0));
        set("posterior_mean", by("posterior_mean", 0));
        mark(view.n);
        made.yaxes[0].axis_label = FACTS.measures[view.measure];
        return `Layer ${view.layer} (solid), the model's own output (dotted), the posterior mean (grey), and each solver at the step that is nearest to the layer.`;
      },
    };
  }

  // Swatches beside the names of the solvers, which are the legend of all curves.
  function swatches() {
    for (const box of document.querySelectorAll('[name="beside"]')) {
      const { colour, line } = FACTS.solvers[box.value];
      box.parentElement.style.setProperty("--swatch", ink(colour));
      const dashes = dash(line).join(" ");
      const svg = `<svg width="30" height="8" aria-hidden="true"><line x1="0" y1="4" x2="30" y2="4" stroke="${ink(colour)}" stroke-width="3" stroke-dasharray="${dashes}"/></svg>`;
      box.parentElement.querySelector("svg")?.remove();
      box.insertAdjacentHTML("afterend", svg);
    }
  }

  const MAKERS = { map, steps, curve, depth, context, ...familyPlots };
  let made = null;

  function build() {
    made = {};
    swatches();
    for (const [name, make] of Object.entries(MAKERS)) {
      made[name] = make();
      const { press } = made[name];
      if (press) made[name].made.on_event("tap", (event) => plots.pressed(press(event)));
      const place = document.getElementById(name);
      place.replaceChildren();
      Plotting.show(made[name].made, place);
    }
  }

  return {
    // Draws what a view holds; `change` is called with the choice that is pressed.
    draw(view, change) {
      const within = (at) => Math.max(0, Math.min(view.layers, Math.round(at)));
      plots.pressed = (some) => change("layer" in some ? { layer: within(some.layer) } : some);
      if (made === null) build();
      for (const name of Object.keys(MAKERS)) document.getElementById(`${name}-about`).textContent = made[name].update(view);
    },
    // Forgets the plots, which are built in the colours of the theme.
    forget() {
      made = null;
    },
  };
})();
