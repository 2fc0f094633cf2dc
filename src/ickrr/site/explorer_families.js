// The plots of the families of predictors, of runs whose layers are identified: what one family adds to another, and
// what a layer makes of each eigenvalue. Layer L + 1 is the model's own readout.
"use strict";

const familyPlots = (() => {
  const { ColumnDataSource, LinearColorMapper, ColorBar, BoxAnnotation, FactorRange } = Bokeh;
  const { nan, figure, hover, curves, visible, strip } = drawing;
  const ADDED = { colour: "#0072B2", marker: "o" };
  const BESIDE = { colour: "#D55E00", marker: "s" };
  const LARGEST = 1.5; // coefficient with the strongest colour
  const FAMILIES = FACTS.families;

  // Shows the plot only where the run has what it shows.
  function present(name, there) {
    document.getElementById(name).closest("section").hidden = !there;
    return there;
  }

  function pairs() {
    const factors = () => new FactorRange({ factors: FAMILIES });
    const made = figure({ height: 380, x_axis_label: "family that is added", y_axis_label: "beside this family", x_range: factors(), y_range: factors() });
    made.xaxes[0].major_label_orientation = 0.8;
    const cells = new ColumnDataSource({ data: { x: [], y: [], value: [], low: [], high: [] } });
    const mapper = new LinearColorMapper({ palette: [...Bokeh.Palettes.RdBu11].reverse(), low: -LARGEST, high: LARGEST, nan_color: theme.colour("--line") });
    const bar = new ColorBar({ color_mapper: mapper, background_fill_color: theme.colour("--paper"), major_label_text_color: theme.colour("--ink"), bar_line_color: null, width: 12 });
    made.add_layout(bar, "right");
    const shade = { field: "value", transform: mapper };
    const rects = made.rect({ field: "x" }, { field: "y" }, 1, 1, { source: cells, line_color: theme.colour("--paper"), fill_color: shade });
    const frame = new BoxAnnotation({ fill_alpha: 0, line_alpha: 1, line_color: theme.colour("--ink"), line_width: 3 });
    made.add_layout(frame);
    hover(made, [rects], [["added", "@x"], ["beside", "@y"], ["coefficient", "@value{0.00} [@low{0.00}, @high{0.00}]"]]);
    const at = (value) => FAMILIES[Math.max(0, Math.min(FAMILIES.length - 1, Math.floor(value)))];
    return {
      made,
      press: (event) => ({ added: at(event.x), to: at(event.y) }),
      update(view) {
        if (!present("pairs", view.identification)) return "";
        const squares = view.identification.coefficients[view.seed];
        const part = (end, row, column) => nan(squares[end][view.layer - 1]?.[row][column]);
        const all = FAMILIES.flatMap((y, row) => FAMILIES.map((x, column) => [x, y, ...["value", "low", "high"].map((end) => part(end, row, column))]));
        cells.data = Object.fromEntries(["x", "y", "value", "low", "high"].map((key, place) => [key, all.map((cell) => cell[place])]));
        const [left, bottom] = [view.added, view.to].map((family) => FAMILIES.indexOf(family));
        frame.setv({ left, right: left + 1, bottom, top: bottom + 1 });
        if (view.layer === 0) return "Layer 0 is the embedding, which is not identified.";
        return `Encompassing coefficients at layer ${view.layer}: 0 (white) where the family of the column adds nothing to that of the row, 1 where the layer is it. Press a cell to choose its pair.`;
      },
    };
  }

  function added() {
    const made = figure({ x_axis_label: "layer", y_axis_label: "encompassing coefficient", x_range: visible(), y_range: visible() });
    const methods = { added: { ...ADDED, line: "-" }, added_mean: { ...ADDED, marker: "None", line: "--" }, beside: { ...BESIDE, line: "-" }, beside_mean: { ...BESIDE, marker: "None", line: "--" } };
    const set = curves(made, methods, [["", "@name"], ["layer", "@x"], ["coefficient", "@y{0.00} [@low{0.00}, @high{0.00}]"]]);
    made.add_layout(new BoxAnnotation({ bottom: -FACTS.margin, top: FACTS.margin, fill_alpha: 0.15, fill_color: theme.colour("--muted"), line_color: null }));
    const mark = strip(made);
    return {
      made,
      press: (event) => ({ layer: event.x }),
      update(view) {
        if (!present("added", view.identification)) return "";
        const points = (seed, one, other) => {
          const squares = view.identification.coefficients[seed];
          const [row, column] = [other, one].map((family) => FAMILIES.indexOf(family));
          const of = (end) => squares[end].map((square) => square[row][column]);
          const [values, low, high] = ["value", "low", "high"].map(of);
          const name = `${one} beside ${other}${seed === "mean" ? ", mean over seeds" : ""}`;
          return values.map((y, index) => ({ x: index + 1, y, low: low[index], high: high[index], name }));
        };
        set("added", points(view.seed, view.added, view.to));
        set("added_mean", points("mean", view.added, view.to));
        set("beside", points(view.seed, view.to, view.added));
        set("beside_mean", points("mean", view.to, view.added));
        mark(view.layer);
        return `Blue dots: what ${view.added} adds to ${view.to}; orange squares: what ${view.to} adds to ${view.added}. Lines across are intervals over prompts, dashes the mean over seeds. In the grey band nothing is added that counts. Layer ${view.layers + 1} is the model's own readout.`;
      },
    };
  }

  function filters() {
    const made = figure({ x_axis_label: "eigenvalue of the preconditioned matrix", y_axis_label: "filter", x_range: visible(), y_range: visible() });
    const methods = { layer: { colour: "#000000", marker: "o", line: "-" }, added: { ...ADDED, marker: "None", line: "-" }, beside: { ...BESIDE, marker: "None", line: "--" } };
    const set = curves(made, methods, [["", "@name"], ["eigenvalue", "@x{0.000}"], ["filter", "@y{0.000}"]]);
    return {
      made,
      update(view) {
        if (!present("filters", view.filters)) return "";
        const of = view.filters.seeds[view.seed] ?? {};
        const points = (method, name) => {
          const [values, low, high] = ["value", "low", "high"].map((end) => of[method]?.[end][view.layer - 1] ?? []);
          return values.map((y, index) => ({ x: view.filters.eigenvalues[index], y, low: low[index], high: high[index], name }));
        };
        set("layer", points("layer", `layer ${view.layer}`));
        set("added", points(view.added, view.added));
        set("beside", points(view.to, view.to));
        const lacking = [view.added, view.to].filter((family) => !(family in of));
        return `What layer ${view.layer} makes of the part of the labels along each eigenvalue (dots, with intervals), and what the nearest members of ${view.added} (solid) and ${view.to} (dashed) make of it.${lacking.length ? ` There is no filter of ${lacking.join(" and ")}.` : ""}`;
      },
    };
  }

  return { pairs, added, filters };
})();
