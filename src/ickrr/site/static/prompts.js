// Points to start from: drawn as in training, and presets that lead out of it. Numbers are drawn from a seed, so that
// the same choice gives the same points.
(function () {
  "use strict";

  /** Return a generator of uniform numbers in (0, 1): mulberry32 (Ettinger 2017). */
  function uniforms(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
  }

  /** Return a standard normal number (Box and Muller 1958). */
  function normal(uniform) {
    return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  /** Return a function of the prior at some inputs, with noise: a label for each. */
  function labels(task, x, noise, uniform) {
    const factor = ickrr.solvers.cholesky(ickrr.solvers.kernel(x, x, task.lengthscale), task.smallest_ridge);
    const normals = x.map(() => normal(uniform));
    return factor.map((row) => row.reduce((sum, value, i) => sum + value * normals[i], noise * normal(uniform)));
  }

  /** Draw count inputs, uniform on [-end, end]. */
  function inputs(count, end, uniform) {
    return Array.from({ length: count }, () => end * (2 * uniform() - 1));
  }

  // Each preset draws inputs, at most `longest`, and says what differs from training: `noise` and `view` are multiples
  // of the training noise and of the end of the range of inputs, `shift` is added to the label of the middle point.
  const PRESETS = {
    training: {
      title: "As in training",
      text: "Inputs, function and noise are drawn as they were in training.",
      inputs: (task, longest, uniform) => inputs(Math.min(14, longest), task.end, uniform),
    },
    far: {
      title: "Few, far apart",
      text: "Three points, each several lengthscales from the next: between them, little is known.",
      inputs: (task) => [-0.9, 0, 0.9].map((share) => share * task.end),
    },
    duplicates: {
      title: "Near-duplicates",
      text: "All points but two lie at nearly the same place. Training had no such prompt.",
      inputs: (task, longest, uniform) => [
        -0.7 * task.end,
        -0.2 * task.end,
        ...Array.from({ length: longest - 2 }, () => task.end * (0.4 + 0.005 * normal(uniform))),
      ],
    },
    noise: {
      title: "Ten times the noise",
      text: "The labels carry ten times the noise of training. Posterior and solver are told so; the model cannot be.",
      noise: 10,
      inputs: (task, longest, uniform) => inputs(longest, task.end, uniform),
    },
    range: {
      title: "Twice the range",
      text: "About half of the inputs lie where no input of training lay (the shaded parts).",
      view: 2,
      inputs: (task, longest, uniform) => inputs(longest, 2 * task.end, uniform),
    },
    outlier: {
      title: "One wild label",
      text: "One label is shifted by five standard deviations of a function value.",
      shift: 5,
      inputs: (task, longest, uniform) => inputs(Math.min(14, longest), task.end, uniform),
    },
  };

  /** Draw the points of a preset: `points` (x and y of each), `noise` [labels] and `view` [end of the shown range]. */
  function draw(task, longest, name, seed) {
    const { noise: factor = 1, view = 1, shift = 0, inputs: drawn } = PRESETS[name];
    const uniform = uniforms(seed);
    const noise = factor * task.noise_std;
    const x = drawn(task, longest, uniform);
    const y = labels(task, x, noise, uniform);
    y[Math.floor(x.length / 2)] += shift;
    return { points: x.map((value, i) => ({ x: value, y: y[i] })), noise, view: view * task.end };
  }

  globalThis.ickrr = Object.assign(globalThis.ickrr || {}, { prompts: { PRESETS, draw, uniforms } });
})();
