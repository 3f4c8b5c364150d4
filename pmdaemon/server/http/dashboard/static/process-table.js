// The processes in a table, of which only what has changed is drawn again.

import { curveView } from "./curve-view.js";
import { h, setAttribute, setText } from "./dom.js";
import { bytes, duration, percent, visible } from "./format.js";
import { icon } from "./icons.js";
import { showHealth, showStatus } from "./status.js";

const COLUMNS = [
  { key: "name", title: "Process", value: (process) => process.name, first: "ascending" },
  { key: "status", title: "Status", value: (process) => SEVERITY.indexOf(process.status), first: "ascending" },
  { key: "health", title: "Health", value: (process) => process.health_status ?? "", first: "descending" },
  { key: "cpu", title: "CPU", value: (process) => process.cpu_usage ?? 0, first: "descending" },
  { key: "memory", title: "Memory", value: (process) => process.memory_usage ?? 0, first: "descending" },
  { key: "uptime", title: "Uptime", value: (process) => process.uptimeNow, first: "descending" },
  { key: "restarts", title: "Restarts", value: (process) => process.restarts ?? 0, first: "descending" },
];

/** Statuses in the order in which they want to be looked at. */
const SEVERITY = ["errored", "restarting", "stopping", "starting", "online", "stopped"];

const byText = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Fires `open` and `act` events with the process, and `{verb}` for the latter. */
export class ProcessTable extends HTMLElement {
  #sort = { key: "name", direction: "ascending" };
  #rows = new Map();
  #body = h("tbody", { role: "rowgroup" });
  #headings = new Map();
  #sorter = h("select", { "aria-label": "Sort by", onchange: (event) => this.#sortBy(event.target.value) });
  // Curves far below are drawn when one scrolls to them.
  #inView = new Set();
  #watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#inView.add(target);
      else this.#inView.delete(target);
      if (isIntersecting) target.row?.showCurves();
    }
  }, { rootMargin: "200px" });

  connectedCallback() {
    if (this.firstChild) return;
    const titles = COLUMNS.map((column) => {
      const heading = h(
        "th",
        { role: "columnheader", scope: "col", class: `of-${column.key}` },
        h("button", { type: "button", onclick: () => this.#sortBy(column.key) }, column.title),
      );
      this.#headings.set(column.key, heading);
      this.#sorter.append(h("option", { value: column.key }, column.title));
      return heading;
    });
    this.append(
      h("label", { class: "sorter" }, h("span", {}, "Sort by"), this.#sorter),
      h(
        "table",
        { role: "table", "aria-label": "Processes" },
        h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, titles, h("th", { role: "columnheader", scope: "col", class: "of-actions" }, h("span", { class: "unseen" }, "Actions")))),
        this.#body,
      ),
    );
    this.#showSort();
  }

  /** Show these processes; `selected` is the id of the one that is looked at. */
  show(processes, { selected, pending, groups }) {
    const column = COLUMNS.find(({ key }) => key === this.#sort.key);
    const turn = this.#sort.direction === "ascending" ? 1 : -1;
    const compare = (a, b) => {
      const [left, right] = [column.value(a), column.value(b)];
      const order = typeof left === "string" ? byText.compare(left, right) : left - right;
      return order * turn || byText.compare(a.name, b.name) || a.id - b.id;
    };
    const sorted = [...processes].sort(compare);
    const wanted = new Set(sorted.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!wanted.has(id)) this.#drop(id, row);
    let place = this.#body.firstElementChild;
    for (const process of sorted) {
      const row = this.#rows.get(process.id) ?? this.#add(process);
      row.show(process, { selected: selected === process.id, pending: pending.has(process.id), isOneOfMany: groups.get(process.name) > 1 });
      if (this.#inView.has(row.element)) row.showCurves();
      if (row.element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(row.element, place);
    }
  }

  /** Let clocks tick. */
  tick() {
    for (const element of this.#inView) element.row.showUptime();
  }

  focusOn(id) {
    this.#rows.get(id)?.opener.focus();
  }

  #add(process) {
    const row = new Row(process, this);
    this.#rows.set(process.id, row);
    this.#watcher.observe(row.element);
    return row;
  }

  #drop(id, row) {
    const next = row.element.contains(document.activeElement) ? (row.element.nextElementSibling ?? row.element.previousElementSibling) : null;
    this.#watcher.unobserve(row.element);
    this.#inView.delete(row.element);
    row.element.remove();
    this.#rows.delete(id);
    next?.row?.opener.focus();
  }

  #sortBy(key) {
    const { first } = COLUMNS.find((column) => column.key === key);
    const other = first === "ascending" ? "descending" : "ascending";
    this.#sort = { key, direction: this.#sort.key === key && this.#sort.direction === first ? other : first };
    this.#showSort();
    this.dispatchEvent(new Event("sort"));
  }

  #showSort() {
    for (const [key, heading] of this.#headings) setAttribute(heading, "aria-sort", key === this.#sort.key ? this.#sort.direction : null);
    this.#sorter.value = this.#sort.key;
  }
}

class Row {
  constructor(process, table) {
    this.process = process;
    const act = (verb) => table.dispatchEvent(new CustomEvent("act", { detail: { process: this.process, verb } }));
    this.name = h("bdi", { class: "name" });
    this.instance = h("span", { class: "instance" });
    this.opener = h("a", { class: "opener" }, this.name, this.instance);
    this.about = h("span", { class: "about" });
    this.status = h("span");
    this.health = h("span");
    this.cpuText = h("span", { class: "figure" });
    this.memoryText = h("span", { class: "figure" });
    this.cpu = curveView({ kind: "cpu", label: "CPU", format: percent, floor: 10 });
    this.memory = curveView({ kind: "memory", label: "Memory", format: bytes, floor: 1024 * 1024 });
    this.uptime = h("span", { class: "figure" });
    this.restarts = h("span", { class: "figure" });
    this.toggle = h("button", { type: "button", class: "quiet", onclick: () => act(this.toggle.dataset.verb) });
    this.restart = h("button", { type: "button", class: "quiet", onclick: () => act("restart") }, icon("restart"), h("span", { class: "unseen" }));
    const cell = (key, ...children) => h("td", { role: "cell", class: `of-${key}` }, ...children);
    this.element = h(
      "tr",
      { role: "row" },
      cell("name", this.opener, this.about),
      cell("status", this.status),
      cell("health", this.health),
      cell("cpu", this.cpuText, this.cpu),
      cell("memory", this.memoryText, this.memory),
      cell("uptime", this.uptime),
      cell("restarts", this.restarts),
      cell("actions", this.restart, this.toggle),
    );
    this.element.row = this;
  }

  show(process, { selected, pending, isOneOfMany }) {
    this.process = process;
    const name = visible(process.name);
    const said = isOneOfMany ? `${name} ${process.instance ?? process.id}` : name;
    setText(this.name, name);
    setText(this.instance, isOneOfMany ? ` #${process.instance ?? process.id}` : "");
    setAttribute(this.opener, "href", `#/process/${process.id}`);
    setAttribute(this.opener, "aria-current", selected ? "true" : null);
    setText(this.about, [process.namespace && process.namespace !== "default" ? visible(process.namespace) : "", process.port ? `port ${process.port}` : "", process.pid ? `pid ${process.pid}` : ""].filter(Boolean).join(" · "));
    showStatus(this.status, process.status);
    showHealth(this.health, process.health_status);
    setText(this.cpuText, process.isUp ? percent(process.cpu_usage) : "–");
    setText(this.memoryText, process.isUp ? bytes(process.memory_usage) : "–");
    setText(this.restarts, String(process.restarts ?? 0));
    this.showUptime();
    this.#showActions(process, said, pending);
    setAttribute(this.element, "data-selected", selected);
    setAttribute(this.element, "aria-busy", pending ? "true" : null);
  }

  showUptime() {
    setText(this.uptime, this.process.status === "online" ? duration(this.process.uptimeNow) : "–");
  }

  showCurves() {
    this.cpu.show(this.process.cpu);
    this.memory.show(this.process.memory);
  }

  #showActions(process, said, pending) {
    const verb = process.isUp || process.status === "restarting" || process.status === "stopping" ? "stop" : "start";
    if (this.toggle.dataset.verb !== verb) {
      this.toggle.dataset.verb = verb;
      this.toggle.replaceChildren(icon(verb), h("span", { class: "unseen" }));
    }
    const [stopOrStart, restart] = [`${verb === "stop" ? "Stop" : "Start"} ${said}`, `Restart ${said}`];
    setText(this.toggle.lastChild, stopOrStart);
    setText(this.restart.lastChild, restart);
    setAttribute(this.toggle, "title", stopOrStart);
    setAttribute(this.restart, "title", restart);
    setAttribute(this.toggle, "aria-disabled", pending ? "true" : null);
    setAttribute(this.restart, "aria-disabled", pending ? "true" : null);
  }
}

customElements.define("pm-processes", ProcessTable);
