// The page: what is where, what keys do, and what is drawn on a change.

import { Actions } from "./actions.js";
import { Api } from "./api.js";
import { Messages } from "./dialogs.js";
import { call, h, onceAFrame, setAttribute, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { visible } from "./format.js";
import { HostBar } from "./host-bar.js";
import { icon } from "./icons.js";
import { LinkStatus } from "./link-status.js";
import "./log-view.js";
import { ProcessDetail } from "./process-detail.js";
import { ProcessTable } from "./process-table.js";
import { SignIn } from "./sign-in.js";
import { State } from "./state.js";
import { Toolbar } from "./toolbar.js";

const THEMES = ["system", "light", "dark"];

class App extends HTMLElement {
	#api = new Api();
	#state = new State();
	#feed = new Feed(this.#api, this.#state);
	#messages = new Messages();
	#actions = new Actions({ api: this.#api, state: this.#state, feed: this.#feed, messages: this.#messages });
	#link = new LinkStatus(() => this.#feed.retry());
	#host = new HostBar();
	#toolbar = new Toolbar();
	#table = new ProcessTable();
	#detail = Object.assign(new ProcessDetail(), { api: this.#api, feed: this.#feed, state: this.#state });
	#signIn = new SignIn();
	#hostname = h("span.hostname");
	#empty = h("div.empty", { hidden: true });
	#signOut = h("button.quiet", { onclick: () => this.#leave() }, icon("out"));
	#theme = h("button.quiet", { onclick: () => this.#nextTheme() }, icon("theme"));
	#master = h("section.master", { id: "processes", "aria-label": "Processes", tabindex: -1 }, this.#toolbar, this.#table, this.#empty);
	#main = h("main", h("section", { "aria-label": "This machine" }, this.#host), h("div.panes", this.#master, this.#detail));
	#draw = onceAFrame(() => this.#show());
	#opened = null;

	connectedCallback() {
		this.append(
			h("header.top", h("h1", h("img", { src: new URL("icon.svg", import.meta.url), alt: "" }), "pmdaemon"), this.#hostname, h("span.gap"), h("a.button", { href: "deploy" }, "Deploy"), this.#link.word, this.#theme, this.#signOut),
			this.#link.banner,
			this.#signIn,
			this.#main,
			this.#messages,
		);
		call(this.#signOut, "Sign out");
		this.#showTheme();
		this.#listen();
		this.#draw();
		this.#feed.start();
	}

	#listen() {
		const act = ({ detail: { process, verb } }) => this.#perform(process, verb);
		this.#state.addEventListener("change", this.#draw);
		this.#table.addEventListener("act", act);
		this.#table.addEventListener("sort", this.#draw);
		this.#detail.addEventListener("act", act);
		this.#toolbar.addEventListener("input", this.#draw);
		this.#signIn.addEventListener("key", ({ detail }) => {
			this.#api.key = detail;
			this.#feed.start();
		});
		this.#feed.addEventListener("signed-out", () => {
			const reason = this.#api.key === null ? null : "This key is not valid.";
			this.#api.key = null;
			this.#show();
			this.#signIn.ask(reason);
		});
		addEventListener("hashchange", () => this.#show());
		addEventListener("keydown", (event) => this.#pressed(event));
		setInterval(() => this.#tick(), 1000);
	}

	async #perform(process, verb) {
		const isDone = await this.#actions.perform(process, verb);
		if (isDone && verb === "delete" && !this.#state.processes.has(process.id) && this.#wantedId === process.id) location.hash = "#/";
	}

	get #wantedId() {
		const [, id] = location.hash.match(/^#\/process\/(\d+)$/) ?? [];
		return id === undefined ? null : Number(id);
	}

	#show() {
		const state = this.#state;
		const isOut = state.link.mode === "signed-out";
		this.#signIn.hidden = !isOut;
		this.#main.hidden = isOut;
		this.#signOut.hidden = this.#api.key === null;
		this.#link.show(state.link, state.isKnown);
		setText(this.#hostname, isOut ? "" : visible(state.system?.hostname ?? ""));
		setAttribute(this, "data-link", state.link.mode);
		if (isOut) return;
		this.#host.show(state);
		this.#showProcesses(state);
		this.#showTitle(state);
	}

	#showProcesses(state) {
		const processes = state.list;
		const opened = state.processes.get(this.#wantedId) ?? null;
		const groups = new Map();
		for (const { name } of processes) groups.set(name, (groups.get(name) ?? 0) + 1);
		this.#toolbar.offer(processes);
		const shown = this.#toolbar.choose(processes);
		this.#table.show(shown, { selected: opened?.id ?? null, pending: state.pending, groups });
		this.#toolbar.hidden = processes.length === 0;
		this.#table.hidden = shown.length === 0;
		this.#showEmpty(state, processes.length, shown.length);
		this.#showDetail(opened);
	}

	#showDetail(opened) {
		const before = this.#opened;
		this.#opened = opened?.id ?? null;
		this.#detail.hidden = opened === null;
		setAttribute(this.#main, "data-detail", opened !== null);
		this.#detail.show(opened);
		if (this.#opened !== null && this.#opened !== before) this.#detail.heading.focus();
		if (this.#opened === null && before !== null) this.#table.focusOn(before);
	}

	#showEmpty(state, all, shown) {
		const kind = !state.isKnown ? "unknown" : all === 0 ? "none" : shown === 0 ? "unmatched" : "";
		this.#empty.hidden = kind === "";
		if (this.#empty.dataset.kind === kind) return;
		this.#empty.dataset.kind = kind;
		if (kind === "unknown") this.#empty.replaceChildren(h("p.waiting", "Asking the daemon …"));
		else if (kind === "none") this.#empty.replaceChildren(h("h2", "Nothing runs here yet"), h("p", "Start something, and it shows up by itself:"), h("pre", h("code", 'pmdaemon start "node server.js" --name app')));
		else this.#empty.replaceChildren(h("h2", "No process matches"), h("button", { onclick: () => this.#toolbar.clear() }, "Show all"));
	}

	#showTitle(state) {
		const bad = state.list.filter(({ status }) => status === "errored").length;
		const title = `${bad ? `(${bad} errored) ` : ""}pmdaemon${state.system ? ` · ${visible(state.system.hostname)}` : ""}`;
		if (document.title !== title) document.title = title;
	}

	#tick() {
		if (document.hidden) return;
		this.#table.tick();
		this.#detail.tick();
		this.#link.show(this.#state.link, this.#state.isKnown);
	}

	#pressed(event) {
		if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
		const isTyping = event.target.matches?.("input, select, textarea");
		if (event.key === "/" && !isTyping && !this.#main.hidden) {
			event.preventDefault();
			this.#toolbar.focus();
		} else if (event.key === "Escape" && !event.target.closest?.("dialog") && !isTyping && this.#opened !== null) location.hash = "#/";
	}

	#leave() {
		this.#api.key = null;
		this.#state.processes = new Map();
		this.#state.system = null;
		this.#state.isKnown = false;
		location.hash = "#/";
		this.#feed.start();
	}

	#nextTheme() {
		const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % THEMES.length];
		if (next === "system") delete document.documentElement.dataset.theme;
		else document.documentElement.dataset.theme = next;
		try {
			localStorage.setItem("pmdaemon.theme", next);
		} catch {
			// It holds until the page is closed.
		}
		this.#showTheme();
	}

	#showTheme() {
		call(this.#theme, `Theme: ${document.documentElement.dataset.theme ?? "system"}`);
	}
}

customElements.define("pm-app", App);
