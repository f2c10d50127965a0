// Shows /sandbox/state once a second. Everything from the server is set as text, never as markup.

const REFRESH_MS = 1000;
const byId = (id) => document.getElementById(id);
const byTest = (id) => document.querySelector(`[data-testid="${id}"]`);
const usd = (amount, digits = 4) => `$${amount.toFixed(digits)}`;

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function clock(iso) {
  return new Date(iso).toLocaleTimeString([], { hour12: false });
}

function span(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

async function post(path, body = {}) {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) alert((await answer.json()).msg);
  refresh();
}

function action(instance, name, title) {
  const button = element("button", { type: "button", title, "data-testid": `${name}-${instance.instance_id}` }, name);
  button.onclick = () => post(`/sandbox/instances/${instance.instance_id}/${name}`);
  return button;
}

function actions(instance) {
  const row = element("div", { class: "actions" });
  if (instance.alive) row.append(action(instance, "kill", "SIGKILL to the process: a crashed container"));
  if (["created", "loading", "running"].includes(instance.phase)) {
    row.append(action(instance, "vanish", "The host goes offline with all its processes"));
    if (instance.is_bid) row.append(action(instance, "outbid", "Somebody offers more"));
  }
  if (["offline", "unknown"].includes(instance.phase)) row.append(action(instance, "return", "The host comes back"));
  return row.childElementCount ? row : null;
}

function steps(instance) {
  return instance.history.map((step) => `${clock(step.at)} ${step.phase}`).join("  →  ");
}

function card(instance, logText) {
  const gone = instance.phase === "destroyed";
  const bar = instance.boot_share === null ? null : element("div", { class: "bar" }, element("i"));
  if (bar) bar.firstChild.style.width = `${Math.round(instance.boot_share * 100)}%`;
  const node = element(
    "article",
    { class: gone ? "card gone" : "card", "data-testid": `instance-${instance.instance_id}`, "data-phase": instance.phase },
    element(
      "div", { class: "top" },
      element("span", { class: "gpu" }, instance.gpu_name),
      element("span", { class: `state ${instance.phase}`, "data-testid": "phase" }, instance.phase),
      element("span", { class: "label" }, instance.label ?? ""),
      element("span", { class: "billed", "data-testid": "instance-billed" }, usd(instance.total_usd, 5)),
    ),
    element(
      "div", { class: "facts" },
      element("span", {}, `#${instance.instance_id}`),
      element("span", {}, `${usd(instance.dph_total, 3)}/h${instance.is_bid ? " bid" : ""}`),
      element("span", {}, `${gone ? "lived" : "since"} ${span(instance.age_s)}`),
      element("span", {}, instance.geolocation),
      instance.alive ? element("span", {}, `process ${instance.pid}`) : null,
    ),
    bar,
    element("div", { class: "steps" }, steps(instance)),
    gone || !instance.status_msg ? null : element("div", { class: "steps" }, instance.status_msg),
    logText ? element("pre", { "data-testid": "log" }, logText) : null,
    gone ? null : actions(instance),
  );
  return node;
}

async function logTail(instance) {
  if (instance.phase === "destroyed" || instance.pid === null) return "";
  const answer = await fetch(`/sandbox/instances/${instance.instance_id}/log?tail=8`);
  return answer.ok ? answer.text() : "";
}

function offerRow(offer) {
  return element(
    "tr", { class: offer.rented ? "rented" : "", "data-testid": `offer-${offer.id}` },
    element("td", {}, `${offer.num_gpus > 1 ? `${offer.num_gpus}× ` : ""}${offer.gpu_name}`),
    element("td", {}, `${Math.round(offer.gpu_ram / 1024)} GB`),
    element("td", { class: "num" }, offer.dph_total.toFixed(3)),
    element("td", { class: "num" }, String(offer.inet_down)),
    element("td", { class: "num" }, `${(offer.reliability * 100).toFixed(1)} %`),
    element("td", {}, offer.geolocation),
    element("td", {}, String(offer.machine_id)),
    element("td", {}, offer.rented ? "rented by us" : offer.verified ? "" : "unverified"),
  );
}

function requestRow(request) {
  const status = request.status ?? "…";
  return element(
    "li", {},
    element("span", {}, clock(request.at)),
    element("span", { class: `s${String(status)[0]}` }, String(status)),
    element("span", { class: "path", title: request.path }, `${request.method} ${request.path.replace("/api/", "")}`),
  );
}

function showFigures(state, live) {
  const burn = live.filter((one) => one.phase === "running").reduce((sum, one) => sum + one.dph_total, 0);
  byTest("live-count").textContent = live.length;
  byTest("burn").textContent = `${usd(burn, 3)}/h`;
  byTest("billed").textContent = usd(state.billed_usd);
  byTest("balance").textContent = usd(state.balance_usd, 2);
}

function showFaults(state) {
  const select = byId("fault-kind");
  if (!select.options.length) {
    for (const kind of Object.keys(state.fault_kinds)) select.append(element("option", { value: kind }, kind));
  }
  byId("fault-what").textContent = state.fault_kinds[select.value] ?? "";
  byId("faults").replaceChildren(
    ...state.faults.map((fault) => element("li", {}, `${fault.kind} ${fault.left === null ? "" : `× ${fault.left}`}`)),
  );
}

async function refresh() {
  const state = await (await fetch("/sandbox/state")).json();
  const shown = state.instances.slice(0, 30);
  const logs = await Promise.all(shown.map(logTail));
  const live = state.instances.filter((one) => one.phase !== "destroyed");
  showFigures(state, live);
  byId("instances").replaceChildren(...shown.map((instance, index) => card(instance, logs[index])));
  byId("no-instances").hidden = shown.length > 0;
  byId("offers").replaceChildren(...state.offers.map(offerRow));
  byId("requests").replaceChildren(...state.requests.slice(-18).reverse().map(requestRow));
  showFaults(state);
  document.body.dataset.ready = "yes";
}

byId("fault-form").onsubmit = (event) => {
  event.preventDefault();
  const count = byId("fault-count").value;
  post("/sandbox/faults", { kind: byId("fault-kind").value, ...(count ? { count: Number(count) } : {}) });
};
byId("fault-clear").onclick = () => fetch("/sandbox/faults", { method: "DELETE" }).then(refresh);
byId("fault-kind").onchange = refresh;

async function loop() {
  await refresh().catch(() => undefined);
  setTimeout(loop, REFRESH_MS);
}
loop();
