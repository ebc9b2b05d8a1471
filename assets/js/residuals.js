/** Numbers in a grid, told by what could not be guessed of them: `generator/residuals.py` says how. */

/**
 * The numbers behind the residuals of a column, in their place.
 * @param {Int32Array} numbers [(layer * rows + row) * cols + col] @param {number} rows @param {number} cols
 * @returns {Int32Array} the same array
 */
export function restored(numbers, rows, cols) {
  const cells = rows * cols;
  const change = new Int32Array(cells);
  for (let start = 0; start < numbers.length; start += cells) {
    for (let cell = 0; cell < cells; cell += 1) {
      const inFirstColumn = cell % cols === 0;
      const above = cell < cols ? (inFirstColumn ? 0 : change[cell - 1]) : change[cell - cols];
      const left = inFirstColumn ? above : change[cell - 1];
      change[cell] = numbers[start + cell] + ((left + above) >> 1);
      numbers[start + cell] = change[cell] + (start > 0 ? numbers[start + cell - cells] : 0);
    }
  }
  return numbers;
}
