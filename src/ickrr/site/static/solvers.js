// Kernel ridge regression on a line in plain JavaScript: the exact posterior, and preconditioned Richardson iteration.
//
// The kernel is exp(-(x - z)^2 / (2 h^2)); K is the kernel matrix of the n points, k(q) their kernel with a query.
(function () {
  "use strict";

  /** Return the kernel between all of x and all of z, one array of z.length numbers for each x. */
  function kernel(x, z, lengthscale) {
    return Array.from(x, (a) => Float64Array.from(z, (b) => Math.exp(-0.5 * ((a - b) / lengthscale) ** 2)));
  }

  /** Return the lower triangular L with L L^T = matrix + ridge I, as rows; throws where there is none. */
  function cholesky(matrix, ridge) {
    const factor = matrix.map((row) => Float64Array.from(row));
    for (let i = 0; i < factor.length; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = matrix[i][j] + (i === j ? ridge : 0);
        for (let k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
        if (i === j && !(sum > 0)) throw new RangeError("the kernel matrix is not positive definite; raise the ridge");
        factor[i][j] = i === j ? Math.sqrt(sum) : sum / factor[j][j];
      }
      factor[i].fill(0, i + 1);
    }
    return factor;
  }

  /** Return L^-1 b. */
  function forward(factor, b) {
    const solution = Float64Array.from(b);
    for (let i = 0; i < solution.length; i++) {
      for (let k = 0; k < i; k++) solution[i] -= factor[i][k] * solution[k];
      solution[i] /= factor[i][i];
    }
    return solution;
  }

  /** Return the posterior of the clean function at every query: `mean` k(q)^T (K + ridge I)^-1 y, and `sd`, the root of
   * 1 - k(q)^T (K + ridge I)^-1 k(q). The mean alone is converged kernel ridge regression with this ridge.
   */
  function posterior(x, y, queries, lengthscale, ridge) {
    const factor = cholesky(kernel(x, x, lengthscale), ridge);
    const innovations = forward(factor, y);
    const mean = new Float64Array(queries.length), sd = new Float64Array(queries.length);
    kernel(queries, x, lengthscale).forEach((row, index) => {
      const part = forward(factor, row);
      let explained = 0;
      for (let i = 0; i < part.length; i++) {
        mean[index] += part[i] * innovations[i];
        explained += part[i] * part[i];
      }
      sd[index] = Math.sqrt(Math.max(0, 1 - explained));
    });
    return { mean, sd };
  }

  /** Return the predictions at every query after some steps of a <- a + omega diag(K 1)^-1 (y - (K + ridge I) a) from
   * a = 0; a diverging iteration gives numbers that are large, or not finite.
   */
  function preconditionedRichardson(x, y, queries, lengthscale, ridge, omega, steps) {
    const matrix = kernel(x, x, lengthscale);
    const rowSums = matrix.map((row) => row.reduce((sum, value) => sum + value, 0));
    let a = new Float64Array(y.length);
    for (let step = 0; step < steps; step++) {
      const before = a;
      a = before.map((value, i) => {
        const residual = y[i] - ridge * value - dot(matrix[i], before);
        return value + (omega / rowSums[i]) * residual;
      });
    }
    return Float64Array.from(kernel(queries, x, lengthscale), (row) => dot(row, a));
  }

  function dot(a, b) {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  }

  globalThis.ickrr = Object.assign(globalThis.ickrr || {}, {
    solvers: { kernel, cholesky, posterior, preconditionedRichardson },
  });
})();
