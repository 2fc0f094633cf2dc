// The drawing of the playground: axes, curves, a band and points that can be moved, as SVG.
(function () {
  "use strict";

  const MARGIN = { left: 44, right: 14, top: 12, bottom: 40 };
  const TARGET = 20; // radius of what a finger must hit [pixels]
  const DOT = 5.5; // radius of a point [pixels]

  function element(name, attributes, parent) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    set(made, attributes);
    parent.append(made);
    return made;
  }

  function set(node, attributes) {
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  }

  /** Return about `count` round numbers between -end and end. */
  function ticks(end, count) {
    const rough = (2 * end) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const last = Math.floor(end / step + 1e-9);
    return Array.from({ length: 2 * last + 1 }, (_, i) => Number(((i - last) * step).toFixed(10)));
  }

  class Plot {
    /** Draw into an svg element; `names` are the curves from back to front, each a class of the style sheet. */
    constructor(svg, names) {
      this.svg = svg;
      const clip = element("clipPath", { id: "inside" }, element("defs", {}, svg));
      this.inside = element("rect", {}, clip);
      this.axes = element("g", { class: "axes", "aria-hidden": "true" }, svg);
      const drawn = element("g", { "clip-path": "url(#inside)", "aria-hidden": "true" }, svg);
      this.bandPath = element("path", { class: "band" }, drawn);
      this.paths = Object.fromEntries(names.map((name) => [name, element("path", { class: `curve ${name}` }, drawn)]));
      this.dots = element("g", {}, svg);
    }

    /** Show x in [-xEnd, xEnd] and y in [-yEnd, yEnd], and shade what lies outside [-known, known]. */
    frame(xEnd, yEnd, known) {
      Object.assign(this, { xEnd, yEnd });
      const box = this.svg.getBoundingClientRect();
      [this.width, this.height] = [Math.max(box.width, 240), Math.max(box.height, 200)];
      const { left, top } = MARGIN;
      const [right, bottom] = [this.width - MARGIN.right, this.height - MARGIN.bottom];
      set(this.svg, { viewBox: `0 0 ${this.width} ${this.height}` });
      set(this.inside, { x: left, y: top, width: right - left, height: bottom - top });
      this.axes.replaceChildren();
      for (const [from, to] of [[-xEnd, -known], [known, xEnd]]) {
        if (to <= from) continue;
        const x = this.left(from);
        element("rect", { class: "unknown", x, y: top, width: this.left(to) - x, height: bottom - top }, this.axes);
      }
      for (const x of ticks(xEnd, this.width < 480 ? 5 : 9)) {
        const place = this.left(x);
        element("line", { class: "grid", x1: place, x2: place, y1: top, y2: bottom }, this.axes);
        this.label(place, bottom + 17, x, "middle");
      }
      for (const y of ticks(yEnd, 7)) {
        const place = this.top(y);
        element("line", { class: "grid", x1: left, x2: right, y1: place, y2: place }, this.axes);
        this.label(left - 7, place + 4, y, "end");
      }
      this.label((left + right) / 2, this.height - 5, "x, the input", "middle");
      this.label(left + 6, top + 14, "y, the label", "start");
    }

    label(x, y, text, anchor) {
      element("text", { x, y, "text-anchor": anchor }, this.axes).textContent = String(text).replace("-", "−");
    }

    left(x) {
      return MARGIN.left + ((x + this.xEnd) / (2 * this.xEnd)) * (this.width - MARGIN.left - MARGIN.right);
    }

    top(y) {
      return MARGIN.top + ((this.yEnd - y) / (2 * this.yEnd)) * (this.height - MARGIN.top - MARGIN.bottom);
    }

    /** Return the point of the plane at a place of the window, within what is shown. */
    at(clientX, clientY) {
      const box = this.svg.getBoundingClientRect();
      const x = (clientX - box.left - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right);
      const y = (clientY - box.top - MARGIN.top) / (this.height - MARGIN.top - MARGIN.bottom);
      return this.within({ x: (2 * x - 1) * this.xEnd, y: (1 - 2 * y) * this.yEnd });
    }

    within({ x, y }) {
      return { x: Math.min(this.xEnd, Math.max(-this.xEnd, x)), y: Math.min(this.yEnd, Math.max(-this.yEnd, y)) };
    }

    /** Draw a curve; without values, none. What lies far outside, or is not finite, is drawn just outside. */
    curve(name, x, values) {
      set(this.paths[name], { d: values ? this.trace(x, values) : "" });
    }

    /** Fill what lies between two curves; without them, nothing. */
    band(x, low, high) {
      const back = low && this.trace(Array.from(x).reverse(), Array.from(low).reverse());
      set(this.bandPath, { d: low ? `${this.trace(x, high)}L${back.slice(1)}Z` : "" });
    }

    trace(x, values) {
      const places = Array.from(values, (value, i) => {
        const seen = Number.isNaN(value) ? 0 : Math.min(2 * this.yEnd, Math.max(-2 * this.yEnd, value));
        return `${this.left(x[i]).toFixed(1)} ${this.top(seen).toFixed(1)}`;
      });
      return `M${places.join("L")}`;
    }

    /** Draw the points, the chosen one marked; elements are kept, so that focus and drags go on. */
    points(points, chosen) {
      while (this.dots.children.length > points.length) this.dots.lastChild.remove();
      while (this.dots.children.length < points.length) {
        const point = element("g", { class: "point", tabindex: "0", role: "button", "aria-describedby": "keys" }, this.dots);
        element("circle", { class: "target", r: TARGET }, point);
        element("circle", { class: "dot", r: DOT }, point);
      }
      points.forEach(({ x, y }, index) => {
        set(this.dots.children[index], {
          transform: `translate(${this.left(x).toFixed(1)} ${this.top(y).toFixed(1)})`,
          "aria-label": `Point ${index + 1} of ${points.length}: x ${x.toFixed(2)}, y ${y.toFixed(2)}`,
          "aria-pressed": index === chosen,
        });
      });
    }

    /** Return the number of the point that an element belongs to, -1 for none. */
    indexOf(target) {
      return Array.from(this.dots.children).indexOf(target.closest(".point"));
    }

    /** Return the number of the point that is nearest to a place of the window, -1 where none is within reach. */
    nearest(points, clientX, clientY) {
      const box = this.svg.getBoundingClientRect();
      const [x, y] = [clientX - box.left, clientY - box.top];
      const distances = points.map((point) => Math.hypot(this.left(point.x) - x, this.top(point.y) - y));
      const least = Math.min(...distances);
      return least <= TARGET ? distances.indexOf(least) : -1;
    }
  }

  globalThis.ickrr = Object.assign(globalThis.ickrr || {}, { Plot, ticks });
})();
