// The processes in a table, of which only what has changed is drawn again.

import { curveView } from "./curve-view.js";
import { call, h, setAttribute, setText } from "./dom.js";
import { bytes, duration, percent, visible } from "./format.js";
import { icon } from "./icons.js";
import { showHealth, showStatus } from "./status.js";

/** Key, title, what it is sorted by, and whether the largest comes first. */
const COLUMNS = [
	["name", "Process", (process) => process.name, false],
	["status", "Status", (process) => SEVERITY.indexOf(process.status), false],
	["health", "Health", (process) => process.health_status ?? "", true],
	["cpu", "CPU", (process) => process.cpu_usage ?? 0, true],
	["memory", "Memory", (process) => process.memory_usage ?? 0, true],
	["uptime", "Uptime", (process) => process.uptimeNow, true],
	["restarts", "Restarts", (process) => process.restarts ?? 0, true],
];

/** Statuses in the order in which they want to be looked at. */
const SEVERITY = ["errored", "restarting", "stopping", "starting", "online", "stopped"];

const byText = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Fires `act` with `{process, verb}`, and `sort`. */
export class ProcessTable extends HTMLElement {
	#sort = { key: "name", isDown: false };
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
		const heading = (key, content) => h(`th.of-${key}`, { role: "columnheader", scope: "col" }, content);
		for (const [key, title] of COLUMNS) {
			this.#headings.set(key, heading(key, h("button", { onclick: () => this.#sortBy(key) }, title)));
			this.#sorter.append(h("option", { value: key }, title));
		}
		this.append(
			h("label.sorter", h("span", "Sort by"), this.#sorter),
			h(
				"table",
				{ role: "table", "aria-label": "Processes" },
				h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...this.#headings.values(), heading("actions", h("span.unseen", "Actions")))),
				this.#body,
			),
		);
		this.#showSort();
	}

	/** Show these processes; `selected` is the id of the one that is looked at. */
	show(processes, { selected, pending, groups }) {
		const { key, isDown } = this.#sort;
		const [, , value] = COLUMNS.find(([name]) => name === key);
		const sorted = [...processes].sort((a, b) => {
			const [left, right] = [value(a), value(b)];
			const order = typeof left === "string" ? byText.compare(left, right) : left - right;
			return (isDown ? -order : order) || byText.compare(a.name, b.name) || a.id - b.id;
		});
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
		const [, , , isDown] = COLUMNS.find(([name]) => name === key);
		this.#sort = { key, isDown: this.#sort.key === key ? !this.#sort.isDown : isDown };
		this.#showSort();
		this.dispatchEvent(new Event("sort"));
	}

	#showSort() {
		for (const [key, heading] of this.#headings) setAttribute(heading, "aria-sort", key === this.#sort.key && (this.#sort.isDown ? "descending" : "ascending"));
		this.#sorter.value = this.#sort.key;
	}
}

class Row {
	constructor(process, table) {
		this.process = process;
		const act = (verb) => table.dispatchEvent(new CustomEvent("act", { detail: { process: this.process, verb } }));
		this.name = h("bdi.name");
		this.instance = h("span.instance");
		this.opener = h("a.opener", this.name, this.instance);
		this.about = h("span.about");
		this.status = h("span");
		this.health = h("span");
		this.cpuText = h("span.figure");
		this.memoryText = h("span.figure");
		this.cpu = curveView({ kind: "cpu", label: "CPU", format: percent, floor: 10 });
		this.memory = curveView({ kind: "memory", label: "Memory", format: bytes, floor: 1024 * 1024 });
		this.uptime = h("span.figure");
		this.restarts = h("span.figure");
		this.toggle = h("button.quiet", { onclick: () => act(this.toggle.dataset.verb) });
		this.restart = h("button.quiet", { onclick: () => act("restart") }, icon("restart"));
		const cell = (key, ...children) => h(`td.of-${key}`, { role: "cell" }, ...children);
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
		setText(this.instance, isOneOfMany ? `:${process.instance ?? process.id}` : "");
		setAttribute(this.opener, "href", `#/process/${process.id}`);
		setAttribute(this.opener, "aria-current", selected);
		setText(this.about, [process.namespace && process.namespace !== "default" ? visible(process.namespace) : "", process.port ? `port ${process.port}` : "", process.pid ? `pid ${process.pid}` : ""].filter(Boolean).join(" · "));
		showStatus(this.status, process.status);
		showHealth(this.health, process.health_status);
		setText(this.cpuText, process.isUp ? percent(process.cpu_usage) : "–");
		setText(this.memoryText, process.isUp ? bytes(process.memory_usage) : "–");
		setText(this.restarts, String(process.restarts ?? 0));
		this.showUptime();
		this.#showActions(process, said, pending);
		setAttribute(this.element, "data-selected", selected);
		setAttribute(this.element, "aria-busy", pending);
	}

	showUptime() {
		setText(this.uptime, this.process.status === "online" ? duration(this.process.uptimeNow) : "–");
	}

	showCurves() {
		this.cpu.hidden = this.memory.hidden = !this.process.isUp;
		this.cpu.show(this.process.cpu);
		this.memory.show(this.process.memory);
	}

	#showActions(process, said, pending) {
		const verb = process.isUp || process.status === "restarting" || process.status === "stopping" ? "stop" : "start";
		if (this.toggle.dataset.verb !== verb) {
			this.toggle.dataset.verb = verb;
			this.toggle.replaceChildren(icon(verb));
		}
		call(this.toggle, `${verb === "stop" ? "Stop" : "Start"} ${said}`);
		call(this.restart, `Restart ${said}`);
		for (const button of [this.toggle, this.restart]) setAttribute(button, "aria-disabled", pending);
	}
}

customElements.define("pm-processes", ProcessTable);
