// The trained transformer on a line, in plain JavaScript: what src/ickrr/model computes for the interleaved layout
// x_1, y_1, .., x_n, y_n, x_query with causal softmax attention, layer norms and GELU in its tanh form (GPT-2).
//
// Arithmetic is in double precision on weights of single precision. All queries share one context, whose keys and
// values are computed once; where only a later point of the context moved, the tokens before it are kept.
(function () {
  "use strict";

  const GELU_SLOPE = Math.sqrt(2 / Math.PI);
  const GELU_CUBE = 0.044715;

  /** Return the numbers behind base64 text: float32, little-endian. */
  function decodeFloats(text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
    const view = new DataView(bytes.buffer);
    const floats = new Float64Array(bytes.length / 4);
    for (let i = 0; i < floats.length; i++) floats[i] = view.getFloat32(4 * i, true);
    return floats;
  }

  /** Write input W^T + b into output for `rows` rows: input (rows, inner), W (outer, inner), output (rows, outer).
   *
   * Tiles of 4 x 2 entries keep each loaded number in a register for several products. With `added`, what stands in
   * output is added to.
   */
  function linear(input, rows, map, output, added) {
    const { weight, bias, inner, outer } = map;
    let row = 0;
    for (; row + 4 <= rows; row += 4) {
      const a = row * inner, b = a + inner, c = b + inner, d = c + inner;
      let out = 0;
      for (; out + 2 <= outer; out += 2) {
        const u = out * inner, v = u + inner;
        let au = bias[out], av = bias[out + 1], bu = au, bv = av, cu = au, cv = av, du = au, dv = av;
        for (let i = 0; i < inner; i++) {
          const wu = weight[u + i], wv = weight[v + i];
          const xa = input[a + i], xb = input[b + i], xc = input[c + i], xd = input[d + i];
          au += xa * wu; av += xa * wv;
          bu += xb * wu; bv += xb * wv;
          cu += xc * wu; cv += xc * wv;
          du += xd * wu; dv += xd * wv;
        }
        const p = row * outer + out, q = p + outer, r = q + outer, s = r + outer;
        if (added) {
          output[p] += au; output[p + 1] += av; output[q] += bu; output[q + 1] += bv;
          output[r] += cu; output[r + 1] += cv; output[s] += du; output[s + 1] += dv;
        } else {
          output[p] = au; output[p + 1] = av; output[q] = bu; output[q + 1] = bv;
          output[r] = cu; output[r + 1] = cv; output[s] = du; output[s + 1] = dv;
        }
      }
      for (; out < outer; out++) {
        for (let k = row; k < row + 4; k++) entry(input, map, output, added, k, out);
      }
    }
    for (; row < rows; row++) {
      for (let out = 0; out < outer; out++) entry(input, map, output, added, row, out);
    }
  }

  function entry(input, map, output, added, row, out) {
    const { weight, bias, inner, outer } = map;
    let sum = bias[out];
    for (let i = 0; i < inner; i++) sum += input[row * inner + i] * weight[out * inner + i];
    output[row * outer + out] = added ? output[row * outer + out] + sum : sum;
  }

  /** Write the layer norm of each row of input (rows, width) into output. */
  function layerNorm(input, rows, norm, epsilon, output) {
    const width = norm.weight.length;
    for (let row = 0; row < rows; row++) {
      const start = row * width;
      let mean = 0, square = 0;
      for (let i = 0; i < width; i++) mean += input[start + i];
      mean /= width;
      for (let i = 0; i < width; i++) square += (input[start + i] - mean) ** 2;
      const scale = 1 / Math.sqrt(square / width + epsilon);
      for (let i = 0; i < width; i++) {
        output[start + i] = (input[start + i] - mean) * scale * norm.weight[i] + norm.bias[i];
      }
    }
  }

  /** Replace each h by 0.5 h (1 + tanh(u)) = h - h / (exp(2u) + 1), u = sqrt(2/pi) (h + 0.044715 h^3). */
  function gelu(hidden, count) {
    for (let i = 0; i < count; i++) {
      const h = hidden[i];
      hidden[i] = h - h / (Math.exp(2 * GELU_SLOPE * (h + GELU_CUBE * h * h * h)) + 1);
    }
  }

  class Transformer {
    /** Make a model from what ickrr.site.playground_data gives: `sizes`, `tensors` (shapes by name, in the order of
     * the numbers), `weights` (base64), and `probe` (a linear readout of each layer).
     */
    constructor(exported) {
      this.sizes = exported.sizes;
      this.probe = exported.probe;
      const { layers, width } = this.sizes;
      const tensors = split(decodeFloats(exported.weights), exported.tensors);
      const map = (name) => linearMap(tensors, exported.tensors, name);
      const norm = (name) => ({ weight: tensors[`${name}.weight`], bias: tensors[`${name}.bias`] });
      this.embedding = map("embedding");
      this.positions = tensors.positions;
      this.finalNorm = norm("final_norm");
      this.readout = map("readout");
      this.blocks = [];
      for (let layer = 0; layer < layers; layer++) {
        const block = `blocks.${layer}`;
        this.blocks.push({
          attentionNorm: norm(`${block}.attention_norm`),
          query: map(`${block}.attention.query`),
          key: map(`${block}.attention.key`),
          value: map(`${block}.attention.value`),
          output: map(`${block}.attention.output`),
          mlpNorm: norm(`${block}.mlp_norm`),
          up: map(`${block}.mlp.up`),
          down: map(`${block}.mlp.down`),
        });
      }
      // Keys and values of the context and of one query in every block, and the numbers that the context was made from.
      const longest = 2 * this.sizes.context_length + 1;
      this.keys = this.blocks.map(() => new Float64Array(longest * width));
      this.values = this.blocks.map(() => new Float64Array(longest * width));
      this.known = [];
      this.scratch = {};
    }

    /** Predict at G queries given n pairs: `layers`, what the probe reads after each of layers 0..L (L+1 arrays of G
     * numbers), and `output`, what the model itself predicts (G numbers).
     *
     * Throws a RangeError where the context is longer than the model's.
     */
    predict(x, y, queries) {
      const longest = this.sizes.context_length;
      if (x.length > longest) throw new RangeError(`the model takes at most ${longest} points, not ${x.length}`);
      const context = new Float64Array(2 * x.length);
      for (let i = 0; i < x.length; i++) {
        context[2 * i] = x[i];
        context[2 * i + 1] = y[i];
      }
      this.readContext(context);
      const rows = queries.length, place = () => context.length;
      const stream = this.embed(Float64Array.from(queries), place);
      const layers = [this.probed(stream, rows, 0)];
      this.blocks.forEach((block, index) => {
        this.advance(index, stream, rows, place);
        layers.push(this.probed(stream, rows, index + 1));
      });
      return { layers, output: this.read(stream, rows) };
    }

    /** Compute keys and values of the tokens of the context, from the first that differs from the last time. */
    readContext(context) {
      let first = 0;
      while (first < context.length && context[first] === this.known[first]) first++;
      this.known = context;
      const rows = context.length - first, place = (row) => first + row;
      const stream = this.embed(context.subarray(first), place);
      this.blocks.forEach((block, index) => this.advance(index, stream, rows, place));
    }

    /** Return the embedded tokens (rows, width) of numbers, each at its position. */
    embed(numbers, position) {
      const { width } = this.sizes;
      const stream = new Float64Array(numbers.length * width);
      linear(numbers, numbers.length, this.embedding, stream, false);
      for (let row = 0; row < numbers.length; row++) {
        const start = position(row) * width;
        for (let i = 0; i < width; i++) stream[row * width + i] += this.positions[start + i];
      }
      return stream;
    }

    /** Take a stream (rows, width) through one block, in place. Row r stands at position(r), and sees the tokens of the
     * context before it and itself. Rows are tokens of the context, whose keys and values stay, or queries, which see
     * no other query: all of them stand at the position after the context.
     */
    advance(index, stream, rows, position) {
      const { width, hidden, epsilon } = this.sizes;
      const block = this.blocks[index], keys = this.keys[index], values = this.values[index];
      const normed = this.array("normed", rows * width);
      const query = this.array("query", rows * width);
      const key = this.array("key", rows * width);
      const value = this.array("value", rows * width);
      const mixed = this.array("mixed", rows * width);
      layerNorm(stream, rows, block.attentionNorm, epsilon, normed);
      linear(normed, rows, block.query, query, false);
      linear(normed, rows, block.key, key, false);
      linear(normed, rows, block.value, value, false);
      for (let row = 0; row < rows; row++) {
        const own = position(row), start = row * width;
        for (let i = 0; i < width; i++) {
          keys[own * width + i] = key[start + i];
          values[own * width + i] = value[start + i];
        }
        this.attend(keys, values, own + 1, query, mixed, start);
      }
      linear(mixed, rows, block.output, stream, true);
      const inner = this.array("hidden", rows * hidden);
      layerNorm(stream, rows, block.mlpNorm, epsilon, normed);
      linear(normed, rows, block.up, inner, false);
      gelu(inner, rows * hidden);
      linear(inner, rows, block.down, stream, true);
    }

    /** Write softmax attention over the first `count` keys and values into mixed, for the row that starts at `start`. */
    attend(keys, values, count, query, mixed, start) {
      const { width, heads } = this.sizes;
      const size = width / heads, scale = 1 / Math.sqrt(size);
      const scores = this.array("scores", count);
      for (let from = 0; from < width; from += size) {
        const end = start + from + size;
        let largest = -Infinity, total = 0;
        for (let token = 0; token < count; token++) {
          let score = 0;
          for (let i = start + from, j = token * width + from; i < end; i++, j++) score += query[i] * keys[j];
          scores[token] = score * scale;
          if (scores[token] > largest) largest = scores[token];
        }
        for (let token = 0; token < count; token++) total += scores[token] = Math.exp(scores[token] - largest);
        for (let i = start + from; i < end; i += 2) {
          let first = 0, second = 0;
          for (let token = 0, j = i - start; token < count; token++, j += width) {
            first += scores[token] * values[j];
            second += scores[token] * values[j + 1];
          }
          mixed[i] = first / total;
          if (i + 1 < end) mixed[i + 1] = second / total;
        }
      }
    }

    /** Read every row of a stream with the probe of a layer. */
    probed(stream, rows, layer) {
      const { width } = this.sizes;
      const weights = this.probe.weights[layer];
      const read = new Float64Array(rows);
      for (let row = 0; row < rows; row++) {
        let sum = this.probe.biases[layer];
        for (let i = 0; i < width; i++) sum += stream[row * width + i] * weights[i];
        read[row] = sum;
      }
      return read;
    }

    /** Read every row of a stream with the model's own readout. */
    read(stream, rows) {
      const normed = this.array("normed", rows * this.sizes.width);
      layerNorm(stream, rows, this.finalNorm, this.sizes.epsilon, normed);
      const read = new Float64Array(rows);
      linear(normed, rows, this.readout, read, false);
      return read;
    }

    /** Return an array that is used again in the next call, of at least so many numbers. */
    array(name, length) {
      if (!this.scratch[name] || this.scratch[name].length < length) this.scratch[name] = new Float64Array(length);
      return this.scratch[name];
    }
  }

  function split(numbers, shapes) {
    const tensors = {};
    let start = 0;
    for (const [name, shape] of Object.entries(shapes)) {
      const length = shape.reduce((product, size) => product * size, 1);
      tensors[name] = numbers.subarray(start, start + length);
      start += length;
    }
    return tensors;
  }

  function linearMap(tensors, shapes, name) {
    const [outer, inner] = shapes[`${name}.weight`];
    return { weight: tensors[`${name}.weight`], bias: tensors[`${name}.bias`], inner, outer };
  }

  globalThis.ickrr = Object.assign(globalThis.ickrr || {}, { Transformer });
})();
