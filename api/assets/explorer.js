// The explorer: choose a role or bring a token, run that role's ready queries, read the answer.
// The token stays in this module's memory; nothing is stored.
import { element, factsList, read, tableView, words } from "./explorer_view.js";
import { chartView, drawable } from "./explorer_chart.js";

const by = (id) => document.getElementById(id);
const TABS = ["table", "chart", "json"];
const HELP = {
  UNAUTHENTICATED: "The token is missing, expired, revoked, or not for this server. Ask for a new one.",
  FORBIDDEN: "This seat may not do that.",
  GRAPHQL_PARSE_FAILED: "The document is not GraphQL: look for a missing brace or quote.",
  GRAPHQL_VALIDATION_FAILED: "This role's schema does not have this. The link under the ready queries shows what it has.",
  BAD_USER_INPUT: "A variable or an argument has a value that does not fit its type.",
  RATE_LIMITED: "The token's bucket is empty; it fills up again by itself within seconds.",
  COST_LIMIT_EXCEEDED: "Ask for fewer rows (first:) or fewer nested lists.",
  TIMEOUT: "The query took too long. Ask for less at once.",
  INTERNAL_SERVER_ERROR: "A fault of ours. The request id above finds it in the server's log.",
};

let access = null; // { token, role, queries }
let chosen = null; // the ready query in the editor
let answer = null; // { facts, tables, sorts, table, column }
let asked = 0; // a late answer to an earlier question is dropped

// Access

async function start() {
  const response = await fetch("/demo/tokens.json").catch(() => null);
  const seats = response?.ok ? (await response.json()).seats : [];
  if (seats.length === 0) return;
  const role = by("role");
  for (const seat of seats) role.append(new Option(`${words(seat.role.replaceAll("_", " "))} \u2013 ${seat.name}`, seat.token));
  by("demo-access").hidden = false;
  by("token-box").open = false;
  role.addEventListener("change", () => use(role.value));
  await use(role.value);
}

async function use(token) {
  const response = await fetch("/explorer/queries.json", { headers: bearer(token) }).catch(() => null);
  if (!response?.ok) {
    const why = response === null ? "The server does not answer." : response.status === 401 ? HELP.UNAUTHENTICATED : `The server said ${response.status}.`;
    return fail(why);
  }
  const { role, name, queries } = await response.json();
  access = { token, role, queries };
  by("whoami").textContent = `${name} \u00b7 ${role}`;
  by("ready-none").hidden = true;
  by("schema-line").hidden = false;
  by("run").disabled = false;
  by("curl").disabled = false;
  const list = by("ready");
  list.replaceChildren(...queries.map((query) => {
    const button = element("button", { type: "button", "data-name": query.name }, query.title);
    button.addEventListener("click", () => choose(query));
    return element("li", {}, button);
  }));
  // Stay on the same question when the role changes: that shows what another seat sees of it.
  const same = queries.find((query) => query.name === chosen?.name) ?? queries[0];
  if (same) await choose(same);
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });

async function choose(query) {
  chosen = query;
  for (const button of by("ready").querySelectorAll("button")) {
    if (button.dataset.name === query.name) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  by("about").textContent = query.about;
  by("editor").value = query.document;
  by("variables").value = query.variables ?? "";
  by("variables-box").open = Boolean(query.variables);
  await run();
}

// Asking

function body() {
  const text = by("variables").value.trim();
  const variables = text === "" ? undefined : JSON.parse(text);
  return JSON.stringify({ query: by("editor").value, variables });
}

async function run() {
  if (access === null) return;
  let payload;
  try {
    payload = body();
  } catch (why) {
    by("variables-box").open = true;
    return fail(`The variables are not JSON: ${why.message}`);
  }
  const question = ++asked;
  say("Asking\u2026");
  by("answer").setAttribute("aria-busy", "true");
  const began = performance.now();
  const headers = { ...bearer(access.token), "content-type": "application/json", accept: "application/graphql-response+json, application/json" };
  try {
    const response = await fetch("/graphql", { method: "POST", headers, body: payload });
    const text = await response.text();
    if (question === asked) show(response, text, performance.now() - began);
  } catch {
    if (question === asked) fail("The server does not answer. Is it still running?");
  } finally {
    if (question === asked) by("answer").removeAttribute("aria-busy");
  }
}

// Answering

function say(text, bad = false) {
  by("status").textContent = text;
  by("status").classList.toggle("bad", bad);
}

function fail(text) {
  clear();
  say(text, true);
}

function clear() {
  answer = null;
  by("tabs").hidden = true;
  by("errors").hidden = true;
  by("errors").replaceChildren();
  for (const tab of TABS) by(`pane-${tab}`).hidden = true;
}

function show(response, text, took) {
  clear();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    return fail(`The server answered ${response.status} with something that is not JSON.`);
  }
  const cost = json.extensions?.cost;
  const parts = [`Status ${response.status}`, `${Math.max(1, Math.round(took))} ms`];
  if (cost) parts.push(`cost ${cost.actualQueryCost ?? cost.requestedQueryCost}, ${Math.floor(cost.throttleStatus?.currentlyAvailable ?? 0)} left`);
  const request = response.headers.get("x-request-id") ?? json.errors?.[0]?.extensions?.requestId;
  if (request) parts.push(`request ${request}`);
  const errors = Array.isArray(json.errors) ? json.errors : [];
  say(parts.join(" \u00b7 "), errors.length > 0);
  by("errors").hidden = errors.length === 0;
  by("errors").replaceChildren(...errors.map(explain));
  by("json").textContent = JSON.stringify(json, null, 2);
  const { facts, tables } = read(json.data);
  const full = tables.filter((table) => table.rows.length > 0);
  const drawn = full.find((table) => table.rows.some((row) => row.quarter)) ?? full.find((table) => drawable(table).length > 0);
  answer = { facts, tables, sorts: new Map(), drawn, column: drawn ? drawable(drawn)[0] : undefined };
  by("tabs").hidden = false;
  by("tab-table").hidden = facts.size === 0 && tables.length === 0;
  by("tab-chart").hidden = answer.column === undefined;
  const wanted = chosen?.view === "chart" && answer.column !== undefined ? "chart" : "table";
  open(by(`tab-${wanted}`).hidden ? "json" : wanted);
}

function explain(error) {
  const code = error.extensions?.code ?? "ERROR";
  const place = error.locations?.[0] ? `Line ${error.locations[0].line}, column ${error.locations[0].column}. ` : "";
  const help = place + (HELP[code] ?? "");
  return element("li", {}, element("strong", {}, code), error.message ?? "", help ? element("small", {}, help) : null);
}

function open(name) {
  for (const tab of TABS) {
    const on = tab === name;
    by(`tab-${tab}`).setAttribute("aria-selected", String(on));
    by(`tab-${tab}`).tabIndex = on ? 0 : -1;
    by(`pane-${tab}`).hidden = !on;
  }
  if (name === "table") drawTables();
  if (name === "chart") drawChart();
}

const orderOf = (table) => answer.sorts.get(table.name) ?? { column: null, direction: "ascending" };

function drawTables() {
  const pane = by("pane-table");
  pane.replaceChildren();
  if (answer.facts.size > 0) pane.append(factsList(answer.facts));
  for (const table of answer.tables) {
    if (table.rows.length === 0) {
      pane.append(element("p", { class: "hint" }, `${words(table.name)}: no rows in this slice.`));
      continue;
    }
    pane.append(tableView(table, orderOf(table), (order) => {
      answer.sorts.set(table.name, order);
      drawTables();
      const heading = [...by("pane-table").querySelectorAll("th[aria-sort] button")].at(-1);
      heading?.focus();
    }));
  }
}

function drawChart() {
  const pane = by("pane-chart");
  const { drawn, column } = answer;
  const select = element("select", { id: "measure" });
  for (const name of drawable(drawn)) select.append(new Option(words(name), name, false, name === column));
  select.addEventListener("change", () => {
    answer.column = select.value;
    drawChart();
    by("measure").focus();
  });
  const width = Math.max(280, pane.clientWidth - 26);
  pane.replaceChildren(
    element("div", { class: "picker" }, element("label", { for: "measure" }, "Measure"), select),
    chartView(drawn, column, orderOf(drawn), width),
  );
}

// Beside the query

async function copyCurl() {
  const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  try {
    const line = `curl -sS ${location.origin}/graphql -H 'content-type: application/json' -H ${quote(`authorization: Bearer ${access.token}`)} -d ${quote(body())}`;
    await navigator.clipboard.writeText(line);
    say("Copied. The line holds your token: treat it as a password.");
  } catch {
    say("The browser did not let the page copy.", true);
  }
}

/** Fetches a document with the token and hands it to the browser as a file. */
async function download(path) {
  const response = await fetch(path, { headers: bearer(access.token) }).catch(() => null);
  if (!response?.ok) return say("The document could not be fetched.", true);
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? path.split("/").pop();
  const url = URL.createObjectURL(await response.blob());
  element("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
  say(`${name} is downloaded.`);
}

async function showSchema(event) {
  event.preventDefault();
  const question = ++asked;
  const response = await fetch("/schema.graphql", { headers: bearer(access.token) }).catch(() => null);
  if (question !== asked) return;
  if (!response?.ok) return fail("The schema could not be read.");
  const text = await response.text();
  clear();
  by("json").textContent = text;
  by("pane-json").hidden = false;
  say(`The schema as ${access.role} has it. What this role may not read is not in it.`);
  by("answer-title").scrollIntoView({ block: "start" });
}

by("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const token = by("token").value.trim().replace(/^bearer\s+/i, "");
  if (token !== "") use(token);
});
by("run").addEventListener("click", run);
by("curl").addEventListener("click", copyCurl);
by("schema-link").addEventListener("click", showSchema);
by("pane-table").addEventListener("click", (event) => {
  const path = event.target.dataset?.document;
  if (path) download(path);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
for (const name of TABS) by(`tab-${name}`).addEventListener("click", () => open(name));
by("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const shown = TABS.filter((name) => !by(`tab-${name}`).hidden);
  const now = shown.findIndex((name) => by(`tab-${name}`).getAttribute("aria-selected") === "true");
  const next = shown[(now + step + shown.length) % shown.length];
  open(next);
  by(`tab-${next}`).focus();
});
let resized = 0;
window.addEventListener("resize", () => {
  cancelAnimationFrame(resized);
  resized = requestAnimationFrame(() => {
    if (answer !== null && !by("pane-chart").hidden) drawChart();
  });
});

start();
