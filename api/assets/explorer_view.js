// An answer as facts and tables. It knows the shapes of the API (Money, WinRate, a measure with its evidence) and
// otherwise only that a list of objects is a table. Every text is set as text, never as markup.
import { fixed, grouped, isDecimal, percent, signed } from "./explorer_number.js";

export const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const HIDDEN = new Set(["__typename", "id", "cursor", "pageInfo"]);

/** What a measure's main figure is called, and how it is written. */
const FIGURES = [
  [/^points$|Points$/, (v) => signed(v, 1) + "\u00a0pts", true],
  [/^multiple$|Multiple$/, (v) => fixed(v, 2) + "\u00d7", false],
  [/^premiumRate$/, (v) => signed(v, 1, 2) + "\u00a0%", true],
  [/^rate$|Rate$|^share$|Share$|^probability$/, percent, false],
  [/DaysSaved$/, (v) => signed(v, 1) + "\u00a0days", true],
  [/^days$|Days$/, (v) => grouped(v) + "\u00a0days", false],
  [/^hours$|Hours$/, (v) => grouped(v) + "\u00a0h", false],
];
const figure = (key) => FIGURES.find(([name]) => name.test(key));

/** `partnerYield` reads "Partner yield". */
export const words = (path) => {
  const text = path.split(".").map((part) => part.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase()).join(", ");
  return text.charAt(0).toUpperCase() + text.slice(1);
};
const word = (value) => (value.length > 3 && /^[A-Z][A-Z0-9_]+$/.test(value) ? value.charAt(0) + value.slice(1).toLowerCase().replaceAll("_", " ") : value);

const said = (reason) => (isObject(reason) ? (reason.message ?? word(reason.code ?? "")) : reason ? word(String(reason)) : null);
const absent = (reason) => ({ text: "not measured", sub: said(reason), tone: "none", at: null });
const number = (text, value, sub = null, tone = "") => ({ text, sub, tone, at: Number(value), numeric: true });
const tone = (value) => (Number(value) > 0 ? "pos" : Number(value) < 0 ? "neg" : "");

function interval(of, write) {
  if (!isObject(of) || !isDecimal(of.low) || !isDecimal(of.high)) return null;
  // The unit stands beside the value already.
  const bare = (text) => write(text).replace(/\u00a0.*$/, "");
  return { low: Number(of.low), high: Number(of.high), text: `${bare(of.low)} to ${bare(of.high)}` };
}

/** An object that is one value: money, a rate, a measure, a row with a name. Null when it has to be spread over columns. */
function single(value) {
  if ("amount" in value && "currency" in value) {
    const { amount, currency } = value;
    return isDecimal(amount) ? number(`${grouped(amount)} ${currency}`, amount) : absent(value.reason);
  }
  if ("deals" in value && isObject(value.arr) && isDecimal(value.arr.amount)) {
    const { amount, currency } = value.arr;
    const without = value.withoutArr > 0 ? `, ${value.withoutArr} without ARR` : "";
    return number(`${grouped(amount)} ${currency}`, amount, `${value.deals} ${value.deals === 1 ? "deal" : "deals"}${without}`);
  }
  if ("won" in value && "lost" in value) {
    const counts = `${value.won} won, ${value.lost} lost`;
    return isDecimal(value.rate) ? number(percent(value.rate), value.rate, counts) : { ...absent(value.reason), sub: counts };
  }
  const main = Object.keys(value).find((key) => figure(key) && !isObject(value[key]));
  if (main !== undefined && ("evidence" in value || "interval" in value || "reading" in value)) {
    const [, write, coloured] = figure(main);
    const notes = [value.reading, value.evidence].filter(Boolean).map((text) => word(text));
    if (!isDecimal(value[main])) return absent(value.reason ?? (value.evidence === "NONE" ? "no closed deals" : value.evidence));
    const range = interval(value.interval, write);
    // An interval that holds 0 decides nothing, so it is neither green nor red.
    const open = range !== null && range.low <= 0 && range.high >= 0;
    const shown = number(write(value[main]), value[main], notes.join(" \u00b7 "), coloured && !open ? tone(value[main]) : "");
    return { ...shown, range, more: range?.text ?? null };
  }
  if ("reading" in value && "evidence" in value && main === undefined) {
    return { text: word(value.reading ?? ""), sub: word(value.evidence ?? ""), tone: value.reading === "UNMEASURED" ? "none" : "", at: null };
  }
  const name = value.name ?? value.title ?? value.label;
  const plain = Object.keys(value).filter((key) => !HIDDEN.has(key));
  if (typeof name === "string" && plain.length <= 3 && plain.every((key) => !isObject(value[key]) && !Array.isArray(value[key]))) {
    const rest = plain.filter((key) => value[key] !== name && value[key] !== null).map((key) => word(String(value[key])));
    return { text: name, sub: rest.join(" \u00b7 ") || null, tone: "", at: null, label: name };
  }
  return null;
}

function leaf(key, value) {
  if (value === null || value === undefined) return { text: "\u2013", sub: null, tone: "none", at: null };
  if (typeof value === "boolean") return { text: value ? "yes" : "no", sub: null, tone: "", at: null };
  const written = figure(key.split(".").pop());
  if (written && isDecimal(value)) return number(written[1](value), value, null, written[2] ? tone(value) : "");
  if (isDecimal(value) && !/version|year|slug|external/i.test(key)) return number(grouped(value), value);
  return { text: word(String(value)), sub: null, tone: "", at: null, label: String(value) };
}

/** One object as cells by column path. */
function spread(value, prefix = "", into = new Map()) {
  for (const [key, inner] of Object.entries(value)) {
    const path = prefix ? `${prefix}.${key}` : key;
    if (HIDDEN.has(key)) continue;
    if (Array.isArray(inner)) {
      const names = inner.map((item) => (isObject(item) ? (single(item) ?? {}).text ?? [...spread(item).values()].map((c) => c.text).join(" ") : word(String(item))));
      into.set(path, { text: names.join(", ") || "\u2013", sub: null, tone: names.length ? "" : "none", at: null });
    } else if (isObject(inner)) {
      const one = single(inner);
      if (one) into.set(path, one);
      else if (Array.isArray(inner.edges)) into.set(path, spread({ list: inner.edges.map((edge) => edge.node) }).get("list"));
      else spread(inner, path, into);
    } else into.set(path, leaf(path, inner));
  }
  return into;
}

/** The answer's facts (what is not in a list) and its tables (what is). */
export function read(data) {
  const facts = new Map();
  const tables = [];
  const walk = (value, path) => {
    for (const [key, inner] of Object.entries(value)) {
      const here = path ? `${path}.${key}` : key;
      if (HIDDEN.has(key)) continue;
      if (Array.isArray(inner) && inner.every((item) => isObject(item))) {
        const rows = inner.map((item) => (isObject(item.node) ? item.node : item));
        tables.push({ name: key === "edges" ? path : here, rows: rows.map((row) => ({ cells: spread(row), quarter: row.quarter ?? null })) });
      } else if (isObject(inner)) {
        const one = single(inner);
        if (one) facts.set(here, one);
        else walk(inner, here);
      } else for (const [at, cell] of spread({ [key]: inner })) facts.set(path ? `${path}.${at}` : at, cell);
    }
  };
  if (isObject(data)) walk(data, "");
  for (const table of tables) table.columns = [...new Set(table.rows.flatMap((row) => [...row.cells.keys()]))];
  return { facts, tables };
}

/** A fact's path without what it shares with all others. */
const short = (paths) => {
  const parts = paths.map((path) => path.split("."));
  let shared = 0;
  while (parts.every((path) => path.length > shared + 1 && path[shared] === parts[0][shared])) shared += 1;
  return new Map(paths.map((path, at) => [path, parts[at].slice(shared).join(".")]));
};

const line = (text) => (text ? element("span", { class: "sub" }, text) : null);
const below = (cell) => [line(cell.more), line(cell.sub)];
/** A document of this server is fetched with the token, so it is a button and no link. */
const inside = (cell) => (/^\/documents\/[\w./-]+$/.test(cell.text) ? element("button", { type: "button", "data-document": cell.text }, `Download ${cell.text.split(".").pop()}`) : cell.text);

export function factsList(facts) {
  const list = element("dl", { class: "facts" });
  const names = short([...facts.keys()]);
  for (const [path, cell] of facts) {
    const shown = element("dd", cell.tone ? { class: cell.tone } : {}, inside(cell), ...below(cell));
    list.append(element("div", {}, element("dt", {}, words(names.get(path))), shown));
  }
  return list;
}

export function ordered(rows, column, direction) {
  if (column === null) return rows;
  const key = (row) => row.cells.get(column);
  const missing = (cell) => cell === undefined || cell.tone === "none";
  return [...rows].sort((left, right) => {
    const [a, b] = [key(left), key(right)];
    if (missing(a) || missing(b)) return missing(a) - missing(b); // nulls last, whichever the direction
    const by = a.numeric && b.numeric ? a.at - b.at : a.text.localeCompare(b.text, "en", { numeric: true });
    return direction === "descending" ? -by : by;
  });
}

/** A sortable table; `sorted` is told the new order. */
export function tableView(table, state, sorted) {
  const numeric = new Set(table.columns.filter((c) => table.rows.some((row) => row.cells.get(c)?.numeric)));
  const names = table.columns.length > 1 ? short(table.columns) : new Map(table.columns.map((c) => [c, c]));
  const head = element("tr");
  for (const column of table.columns) {
    const button = element("button", { type: "button" }, words(names.get(column)));
    const cell = element("th", { scope: "col", class: numeric.has(column) ? "num" : "text" }, button);
    if (state.column === column) cell.setAttribute("aria-sort", state.direction);
    button.addEventListener("click", () => {
      const first = numeric.has(column) ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      sorted({ column, direction: state.column === column && state.direction === first ? other : first });
    });
    head.append(cell);
  }
  const body = element("tbody");
  for (const row of ordered(table.rows, state.column, state.direction)) {
    const shown = element("tr");
    for (const column of table.columns) {
      const cell = row.cells.get(column) ?? leaf(column, null);
      const named = [numeric.has(column) ? "num" : "", cell.tone].filter(Boolean).join(" ");
      shown.append(element("td", named ? { class: named } : {}, inside(cell), ...below(cell)));
    }
    body.append(shown);
  }
  const count = `${table.rows.length} ${table.rows.length === 1 ? "row" : "rows"}`;
  const caption = element("caption", {}, `${words(table.name)}: ${count}. Choose a heading to sort.`);
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": words(table.name) },
    element("table", {}, caption, element("thead", {}, head), body));
}
