/** The exponent with which the seconds grow with N: the slope of a linear fit of their logarithms. */
export function exponent(points) {
  const xs = points.map(({ count }) => Math.log(count));
  const ys = points.map(({ seconds }) => Math.log(seconds));
  const [x, y] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, each, index) => sum + (each - x) * (ys[index] - y), 0);
  return over / xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
