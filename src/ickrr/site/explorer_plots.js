// The five plots of the Explorer, drawn by BokehJS. They are built once for each theme and then only given other data.
"use strict";

const plots = (() => {
  const { Plotting, ColumnDataSource, LinearColorMapper, ColorBar, BoxAnnotation, HoverTool } = Bokeh;
  const MARKERS = { o: "circle", s: "square", "^": "triangle", D: "diamond", v: "inverted_triangle", P: "cross", X: "x", "*": "star", x: "x", None: null };
  const DASHES = { "-": [], "--": [6, 4], "-.": [6, 3, 2, 3], ":": [2, 3] };
  const SHADES = 64;
  const nan = (value) => (value === null || value === undefined ? NaN : value);

  // Colours of figures are made for paper: on a dark page they are lighter, and black is the colour of text.
  function ink(colour) {
    if (!theme.dark()) return colour;
    if (colour === "#000000") return theme.colour("--ink");
    const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    return `rgb(${parts.map((part) => Math.round(part + (255 - part) * 0.45)).join(",")})`;
  }

  const dash = (line) => (typeof line === "string" ? DASHES[line] : line[1]);

  function figure(options) {
    const made = Plotting.figure({ height: 330, sizing_mode: "stretch_width", tools: "", toolbar_location: null, ...options });
    const text = theme.colour("--ink");
    const line = theme.colour("--muted");
    made.background_fill_color = theme.colour("--paper");
    made.border_fill_color = theme.colour("--paper");
    made.outline_line_color = theme.colour("--line");
    for (const axis of [...made.xaxes, ...made.yaxes]) {
      Object.assign(axis, { axis_line_color: line, major_tick_line_color: line, minor_tick_line_color: null });
      Object.assign(axis, { axis_label_text_color: text, major_label_text_color: text, axis_label_text_font_style: "normal" });
    }
    for (const grid of [...made.xgrids, ...made.ygrids]) grid.grid_line_color = theme.colour("--line");
    return made;
  }

  function hover(made, renderers, tooltips) {
    made.add_tools(new HoverTool({ renderers, tooltips, line_policy: "nearest" }));
  }

  // A curve with markers for each method; those that are open are filled with the colour of the page.
  function curves(made, methods, tooltips, markers = true) {
    const sources = {};
    const drawn = [];
    for (const [method, { colour, marker, line }] of Object.entries(methods)) {
      const source = new ColumnDataSource({ data: { x: [], y: [], low: [], high: [], fill: [], name: [] } });
      const shown = [made.line({ field: "x" }, { field: "y" }, { source, line_color: ink(colour), line_width: 2, line_dash: dash(line) })];
      if (markers && MARKERS[marker]) {
        shown.push(made.segment({ field: "x" }, { field: "low" }, { field: "x" }, { field: "high" }, { source, line_color: ink(colour), line_alpha: 0.5 }));
        shown.push(made.scatter({ field: "x" }, { field: "y" }, { source, size: 8, marker: MARKERS[marker], line_color: ink(colour), fill_color: { field: "fill" } }));
      }
      sources[method] = { source, shown, fill: ink(colour) };
      drawn.push(shown.at(-1));
    }
    hover(made, drawn, tooltips);
    return (method, points) => {
      const { source, shown, fill } = sources[method];
      for (const renderer of shown) renderer.visible = points.length > 0;
      source.data = {
        x: points.map((point) => point.x),
        y: points.map((point) => nan(point.y)),
        low: points.map((point) => nan(point.low ?? point.y)),
        high: points.map((point) => nan(point.high ?? point.y)),
        fill: points.map((point) => (point.open ? theme.colour("--paper") : fill)),
        name: points.map(() => (FACTS.solvers[method] ?? FACTS.models[method]).name),
      };
    };
  }

  const visible = () => new Bokeh.DataRange1d({ only_visible: true, range_padding: 0.06 });

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
    const row = new BoxAnnotation({ fill_alpha: 0, line_color: "#e0245e", line_width: 3 });
    made.add_layout(row);
    hover(made, [rects], [["layer", "@y"], ["step", "@x"], ["value", "@value"]]);
    return {
      made,
      layer: (event) => event.y,
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
    const chosen = new BoxAnnotation({ fill_alpha: 0.12, fill_color: theme.colour("--accent"), line_color: null });
    made.add_layout(chosen);
    return {
      made,
      layer: (event) => event.x,
      update(view) {
        for (const solver of Object.keys(FACTS.solvers)) {
          const layers = view.beside.includes(solver) ? view.grid(solver).map((_, x) => ({ x, ...view.match(solver, x) })) : [];
          set(solver, layers.map(({ x, step, censored, interval }) => ({ x, y: step, low: interval?.[0], high: interval?.[1], open: censored })));
        }
        chosen.setv({ left: view.layer - 0.5, right: view.layer + 0.5 });
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
    const chosen = new BoxAnnotation({ fill_alpha: 0.12, fill_color: theme.colour("--accent"), line_color: null });
    made.add_layout(chosen);
    return {
      made,
      update(view) {
        const at = view.contexts.indexOf(view.n);
        const zero = view.error("transformer")[0]?.[at] ?? Infinity;
        const by = (method) => view.error(method).map((values, x) => ({ x, y: values[at] > 0 && values[at] < 10 * zero ? values[at] : null }));
        for (const solver of Object.keys(FACTS.solvers)) set(solver, view.beside.includes(solver) ? by(solver) : []);
        set("transformer", by("transformer"));
        chosen.setv({ left: view.layer - 0.5, right: view.layer + 0.5 });
        made.yaxes[0].axis_label = FACTS.measures[view.measure];
        return `At context length n = ${view.n}, on a logarithmic axis. Black or white: the transformer. Errors above ten times that of its layer 0 are left out.`;
      },
    };
  }

  function context() {
    const made = figure({ x_axis_label: "context length n", y_axis_type: "log", x_range: visible(), y_range: visible() });
    const set = curves(made, { ...FACTS.solvers, ...MODELS }, [["", "@name"], ["n", "@x"], ["error", "@y{0.0000}"]], false);
    const chosen = new BoxAnnotation({ fill_alpha: 0.12, fill_color: theme.colour("--accent"), line_color: null });
    made.add_layout(chosen);
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
        chosen.setv({ left: view.n - 0.5, right: view.n + 0.5 });
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

  const MAKERS = { map, steps, curve, depth, context };
  let made = null;

  function build(choose) {
    made = {};
    swatches();
    for (const [name, make] of Object.entries(MAKERS)) {
      made[name] = make();
      const { layer } = made[name];
      if (layer) made[name].made.on_event("tap", (event) => choose(layer(event)));
      const place = document.getElementById(name);
      place.replaceChildren();
      Plotting.show(made[name].made, place);
    }
  }

  return {
    // Draws what a view holds; `choose` is called with the layer that is pressed.
    draw(view, choose) {
      const within = (at) => choose(Math.max(0, Math.min(view.layers, Math.round(at))));
      plots.chosen = within;
      if (made === null) build((at) => plots.chosen(at));
      for (const name of Object.keys(MAKERS)) document.getElementById(`${name}-about`).textContent = made[name].update(view);
    },
    // Forgets the plots, which are built in the colours of the theme.
    forget() {
      made = null;
    },
  };
})();
