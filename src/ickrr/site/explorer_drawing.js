// How the plots of the Explorer are drawn by BokehJS: colours of the theme, axes, curves with marks and intervals.
"use strict";

const drawing = (() => {
  const { Plotting, ColumnDataSource, BoxAnnotation, HoverTool } = Bokeh;
  const MARKERS = { o: "circle", s: "square", "^": "triangle", D: "diamond", v: "inverted_triangle", P: "cross", X: "x", "*": "star", x: "x", None: null };
  const DASHES = { "-": [], "--": [6, 4], "-.": [6, 3, 2, 3], ":": [2, 3] };
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
        name: points.map((point) => point.name ?? methods[method].name),
      };
    };
  }

  const visible = () => new Bokeh.DataRange1d({ only_visible: true, range_padding: 0.06 });

  // The strip of the chosen layer, or of another place on the horizontal axis.
  function strip(made) {
    const chosen = new BoxAnnotation({ fill_alpha: 0.12, fill_color: theme.colour("--accent"), line_color: null });
    made.add_layout(chosen);
    return (at) => chosen.setv({ left: at - 0.5, right: at + 0.5 });
  }

  return { nan, ink, dash, figure, hover, curves, visible, strip };
})();
