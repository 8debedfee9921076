// Two small charts: signed bars with their interval (the matrix), and a measure over the quarters (the trend).
import { element, ordered, words } from "./explorer_view.js";

const SVG = "http://www.w3.org/2000/svg";
const BARS_MAX = 40;

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, typeof value === "number" ? value.toFixed(1) : value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The columns that can be drawn: those with a figure; measures with an interval first. */
export function drawable(table) {
  const figures = table.columns.filter((column) => table.rows.some((row) => row.cells.get(column)?.numeric));
  const ranged = (column) => table.rows.some((row) => row.cells.get(column)?.range);
  return figures.sort((a, b) => ranged(b) - ranged(a));
}

const labelOf = (row) => {
  const named = [...row.cells.values()].filter((cell) => cell.label && cell.tone !== "none").map((cell) => cell.label);
  return named.slice(0, 2).join(" \u00b7 ") || "row";
};

function span(cells) {
  const values = cells.flatMap((cell) => (cell?.numeric ? [cell.at, ...(cell.range ? [cell.range.low, cell.range.high] : [])] : []));
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  return low === high ? { low: 0, high: 1 } : { low, high };
}

/** Undecided is not good and not bad: a bar whose interval holds 0 is grey. */
const tint = (cell) => {
  if (cell.range && cell.range.low <= 0 && cell.range.high >= 0) return "bar-open";
  return cell.at < 0 ? "bar-neg" : "bar-pos";
};

function horizontal(rows, column, width) {
  const narrow = width < 620;
  const labelWidth = narrow ? 0 : Math.min(300, width * 0.34);
  const valueWidth = 92;
  const rowHeight = narrow ? 44 : 26;
  const { low, high } = span(rows.map((row) => row.cells.get(column)));
  const room = width - labelWidth - valueWidth - 16;
  const x = (value) => labelWidth + 8 + ((value - low) / (high - low)) * room;
  const picture = shape("svg", { width, height: rows.length * rowHeight + 8, role: "img", "aria-label": `${words(column)} by row` });
  rows.forEach((row, at) => {
    const cell = row.cells.get(column);
    const top = at * rowHeight + 4;
    const middle = top + (narrow ? 29 : 11);
    const label = labelOf(row);
    const room = narrow ? Math.floor(width / 7) : Math.floor(labelWidth / 6.6);
    const shown = label.length > room ? label.slice(0, room - 1) + "\u2026" : label;
    picture.append(shape("text", { x: 0, y: narrow ? top + 12 : middle + 4 }, shown));
    const reach = narrow ? 11 : rowHeight / 2;
    picture.append(shape("line", { class: "zero", x1: x(0), x2: x(0), y1: middle - reach, y2: middle + reach }));
    if (!cell?.numeric) {
      const right = width - valueWidth;
      picture.append(shape("text", { class: "soft", x: right, y: middle + 4 }, "not measured"));
      return;
    }
    const from = Math.min(x(0), x(cell.at));
    const bar = shape("rect", { class: tint(cell), x: from, y: middle - 7, width: Math.max(1, Math.abs(x(cell.at) - x(0))), height: 14, rx: "2" });
    bar.append(shape("title", {}, [label, cell.text, cell.more, cell.sub].filter(Boolean).join("\n")));
    picture.append(bar);
    if (cell.range) {
      const [a, b] = [x(cell.range.low), x(cell.range.high)];
      picture.append(shape("path", { class: "whisker", d: `M${a} ${middle - 4}v8M${a} ${middle}H${b}M${b} ${middle - 4}v8` }));
    }
    picture.append(shape("text", { x: width - valueWidth, y: middle + 4 }, cell.text));
  });
  return picture;
}

function overTime(rows, column, width) {
  const height = 260;
  const [top, bottom, side] = [26, height - 30, 20];
  const { low, high } = span(rows.map((row) => row.cells.get(column)));
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  const step = (width - 2 * side) / rows.length;
  const picture = shape("svg", { width, height, role: "img", "aria-label": `${words(column)} by quarter` });
  picture.append(shape("line", { class: "zero", x1: side, x2: width - side, y1: y(0), y2: y(0) }));
  let path = "";
  const dots = [];
  rows.forEach((row, at) => {
    const cell = row.cells.get(column);
    const middle = side + step * (at + 0.5);
    if (step > 44 || at % Math.ceil(46 / step) === 0) {
      picture.append(shape("text", { class: "soft", x: middle, y: height - 8, "text-anchor": "middle" }, row.quarter));
    }
    if (!cell?.numeric) {
      path += " "; // a gap in the line: nothing was measured, and nothing is drawn as if it were 0
      dots.push(shape("text", { class: "soft", x: middle, y: y(0) - 6, "text-anchor": "middle" }, "\u2013"));
      return;
    }
    path += `${path === "" || path.endsWith(" ") ? "M" : "L"}${middle.toFixed(1)} ${y(cell.at).toFixed(1)}`;
    if (cell.range) {
      const [a, b] = [y(cell.range.low), y(cell.range.high)];
      dots.push(shape("path", { class: "whisker", d: `M${middle - 4} ${a}h8M${middle} ${a}V${b}M${middle - 4} ${b}h8` }));
    }
    const dot = shape("circle", { class: "dot", cx: middle, cy: y(cell.at), r: "4" });
    dot.append(shape("title", {}, [row.quarter, cell.text, cell.more, cell.sub].filter(Boolean).join("\n")));
    dots.push(dot);
    if (step > 60) dots.push(shape("text", { x: middle + 8, y: y(cell.at) - 8 }, cell.text));
  });
  picture.append(shape("path", { class: "line", d: path.trim() || "M0 0" }), ...dots);
  return picture;
}

export function chartView(table, column, state, width) {
  const quarters = table.rows.map((row) => row.quarter);
  const trend = quarters.every(Boolean) && new Set(quarters).size === quarters.length;
  const all = trend ? ordered(table.rows, "quarter", "ascending") : ordered(table.rows, state.column, state.direction);
  const rows = trend ? all : all.slice(0, BARS_MAX);
  const ranged = rows.some((row) => row.cells.get(column)?.range);
  const said = [
    trend ? "By fiscal quarter." : `${rows.length} of ${all.length} rows, in the table's order.`,
    ranged ? "The thin line is the interval" + (trend ? "." : "; grey means that it holds 0, so nothing is decided yet.") : "",
    rows.some((row) => !row.cells.get(column)?.numeric) ? "What could not be measured is left empty, not 0." : "",
  ];
  const picture = trend ? overTime(rows, column, width) : horizontal(rows, column, width);
  return element("figure", {}, picture, element("figcaption", {}, said.filter(Boolean).join(" ")));
}
