// One process in full: its curves, its output, how it was declared, and what can be done to it.

import { VERBS } from "./actions.js";
import { addressOf } from "./api.js";
import { curveView } from "./curve-view.js";
import { h, setAttribute, setText } from "./dom.js";
import { configuration, environment, history, reasonOf } from "./facts.js";
import { bytes, duration, percent, visible } from "./format.js";
import { icon } from "./icons.js";
import { showHealth, showStatus } from "./status.js";
import { tabs } from "./tabs.js";

/** Milliseconds after which a declaration that is looked at is asked for again. */
const STALE = 30_000;

/** Fires `close`, and `act` with `{process, verb}`. */
export class ProcessDetail extends HTMLElement {
	#process = null;
	#detail = null;
	#known = "";
	#askedAt = 0;
	#showsValues = false;
	#buttons = new Map();
	#figures = {};

	connectedCallback() {
		if (!this.firstChild) this.#build();
	}

	get heading() {
		return this.#name;
	}

	#build() {
		setAttribute(this, "role", "region");
		setAttribute(this, "aria-labelledby", "detail-name");
		this.#name = h("h2", { id: "detail-name", tabindex: -1 });
		this.#status = h("span");
		this.#health = h("span");
		this.#reason = h("p.reason", { role: "status" });
		const close = h("a.button.quiet.close", { href: "#/", "aria-keyshortcuts": "Escape", "aria-label": "Close", title: "Close" }, icon("close"));
		for (const { verb, title } of VERBS) {
			const button = h("button", { class: verb === "delete" ? "danger-quiet" : null, onclick: () => this.#act(verb) }, icon(verb), title);
			this.#buttons.set(verb, button);
		}
		for (const key of ["Uptime", "Restarts", "Pid", "Port", "Instances"]) this.#figures[key] = h("dd");
		this.#cpuText = h("strong");
		this.#memoryText = h("strong");
		this.#cpu = curveView({ kind: "cpu", label: "CPU", format: percent, floor: 10, large: true });
		this.#memory = curveView({ kind: "memory", label: "Memory", format: bytes, floor: 1024 * 1024, large: true });
		this.#logs = Object.assign(document.createElement("pm-logs"), { api: this.api, feed: this.feed, state: this.state });
		this.#events = h("div", { tabindex: 0 });
		this.#config = h("div", { tabindex: 0 });
		this.#env = h("div");
		const { list, choose } = tabs(
			[
				{ key: "logs", title: "Logs", panel: this.#logs },
				{ key: "events", title: "Events", panel: this.#events },
				{ key: "config", title: "Configuration", panel: this.#config },
				{ key: "env", title: "Environment", panel: this.#env },
			],
			"About this process",
			(key) => this.dispatchEvent(new CustomEvent("tab", { detail: key })),
		);
		this.#choose = choose;
		this.append(
			h("header", h("div.heading", this.#name, this.#status, this.#health), close),
			h("div.verbs", { role: "group", "aria-label": "Actions" }, ...this.#buttons.values()),
			this.#reason,
			h("dl.figures", Object.entries(this.#figures).map(([key, value]) => h("div", h("dt", key), value))),
			h(
				"div",
				{ class: "charts" },
				h("figure", h("figcaption", "CPU ", this.#cpuText), this.#cpu),
				h("figure", h("figcaption", "Memory ", this.#memoryText), this.#memory),
			),
			list,
			this.#logs,
			this.#events,
			this.#config,
			this.#env,
		);
		choose("logs");
	}

	#name; #status; #health; #reason; #cpu; #memory; #cpuText; #memoryText; #logs; #events; #config; #env; #choose;

	/** Show a process; null for none. */
	show(process) {
		if (process?.id !== this.#process?.id) this.#changeTo(process);
		this.#process = process;
		if (process === null) return;
		const { state } = this;
		const instances = state.instancesOf(process).length;
		setText(this.#name, visible(process.name) + (instances > 1 ? `:${process.instance ?? process.id}` : ""));
		showStatus(this.#status, process.status);
		showHealth(this.#health, process.health_status);
		this.tick();
		setText(this.#figures.Restarts, String(process.restarts ?? 0));
		setText(this.#figures.Pid, String(process.pid ?? "–"));
		setText(this.#figures.Port, String(process.port ?? "–"));
		setText(this.#figures.Instances, String(instances));
		setText(this.#cpuText, process.isUp ? percent(process.cpu_usage) : "–");
		setText(this.#memoryText, process.isUp ? bytes(process.memory_usage) : "–");
		this.#cpu.show(process.cpu);
		this.#memory.show(process.memory);
		for (const { verb, when } of VERBS) {
			const button = this.#buttons.get(verb);
			button.hidden = !when(process);
			setAttribute(button, "aria-disabled", state.pending.has(process.id));
		}
		this.#refreshDetail(process);
		this.#showHistory();
	}

	tick() {
		if (this.#process) setText(this.#figures.Uptime, this.#process.status === "online" ? duration(this.#process.uptimeNow) : "–");
	}

	#changeTo(process) {
		this.#detail = null;
		this.#known = "";
		this.#showsValues = false;
		setText(this.#reason, "");
		this.#reason.hidden = true;
		this.#config.replaceChildren();
		this.#env.replaceChildren();
		this.#events.replaceChildren();
		this.#shownEvents = "";
		this.#logs.follow(process);
		if (process) this.#choose("logs");
	}

	/** Ask for the declaration again when something happened, or some time has gone by. */
	async #refreshDetail(process) {
		const known = [process.id, process.status, process.pid, process.restarts, process.health_status].join();
		if (known === this.#known && Date.now() - this.#askedAt < STALE) return;
		this.#known = known;
		this.#askedAt = Date.now();
		try {
			const detail = await this.api.process(addressOf(process, this.state.list));
			if (this.#process?.id !== process.id) return;
			this.#detail = detail;
			this.#showDetail();
		} catch (error) {
			if (this.#process?.id === process.id && this.#detail === null) this.#config.replaceChildren(h("p.empty", error.message));
		}
	}

	#showDetail() {
		const reason = reasonOf(this.#detail);
		setText(this.#reason, reason ?? "");
		this.#reason.hidden = reason === null;
		this.#reason.className = `reason ${this.#detail.status === "errored" ? "bad" : ""}`;
		this.#config.replaceChildren(configuration(this.#detail));
		this.#showEnvironment();
		this.#showHistory();
	}

	#showEnvironment() {
		const hadFocus = this.#env.contains(document.activeElement);
		this.#env.replaceChildren(
			environment(this.#detail.config, this.#showsValues, () => {
				this.#showsValues = !this.#showsValues;
				this.#showEnvironment();
			}),
		);
		if (hadFocus) this.#env.querySelector("button")?.focus();
	}

	#shownEvents = "";

	#showHistory() {
		const all = [...(this.#detail?.events ?? []), ...this.state.events.filter(({ id }) => id === this.#process.id)];
		const events = [...new Map(all.map((event) => [event.cursor, event])).values()];
		const known = `${events.length} ${events.at(-1)?.cursor}`;
		if (known === this.#shownEvents) return;
		this.#shownEvents = known;
		this.#events.replaceChildren(history(events));
	}

	#act(verb) {
		this.dispatchEvent(new CustomEvent("act", { detail: { process: this.#process, verb } }));
	}
}

customElements.define("pm-detail", ProcessDetail);
