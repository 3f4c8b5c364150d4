// What a program writes, as it writes it: with its colours, to be searched, and followed or not.

import { addressOf } from "./api.js";
import { stretches } from "./ansi.js";
import { h, onceAFrame, setAttribute, setText } from "./dom.js";
import { moment, plural } from "./format.js";
import { icon } from "./icons.js";

const MOST_LINES = 2000;

/** Lines asked for at a time. */
const PORTION = 300;

/** Milliseconds between questions while nothing is pushed. */
const BEAT = 3000;

export class LogView extends HTMLElement {
	#lines = [];
	#process = null;
	#timer = 0;
	#isFollowing = true;
	#box = h("div.lines", { role: "log", "aria-live": "off", "aria-label": "Output", tabindex: 0 });
	#count = h("span.count", { role: "status" });
	#search = h("input", { type: "search", placeholder: "Search output", "aria-label": "Search output", autocomplete: "off", spellcheck: "false" });
	#stream = h(
		"select",
		{ "aria-label": "Stream" },
		h("option", { value: "" }, "All output"),
		h("option", { value: "out" }, "stdout"),
		h("option", { value: "error" }, "stderr"),
	);
	#follow = h("button", { "aria-pressed": "true" }, icon("down"), "Follow");
	#wrap = h("button", { "aria-pressed": "true" }, icon("wrap"), "Wrap");
	#refilter = onceAFrame(() => this.#filterAll());
	#showCount = onceAFrame(() => this.#countLines());

	connectedCallback() {
		if (!this.firstChild) this.#build();
		this.feed.addEventListener("log", this.#pushed);
		this.feed.addEventListener("live", this.#askAnew);
		this.feed.addEventListener("lost", this.#askAnew);
	}

	disconnectedCallback() {
		this.feed.removeEventListener("log", this.#pushed);
		this.feed.removeEventListener("live", this.#askAnew);
		this.feed.removeEventListener("lost", this.#askAnew);
		this.follow(null);
	}

	/** Show the output of a process; null for none. */
	follow(process) {
		if (process?.id === this.#process?.id) return;
		this.#process = process;
		this.#setFollowing(true);
		this.#askAnew();
	}

	/** Begin from the latest lines: with another process, or when they come in another way. */
	#askAnew = () => {
		clearTimeout(this.#timer);
		this.#lines = [];
		this.#box.replaceChildren();
		this.#showCount();
		const address = this.#process && addressOf(this.#process, this.state.list);
		if (this.feed.isLive) this.feed.followLogs(address, PORTION);
		else if (address !== null) this.#ask();
	};

	#build() {
		this.#search.addEventListener("input", this.#refilter);
		this.#stream.addEventListener("change", this.#refilter);
		this.#follow.addEventListener("click", () => this.#setFollowing(!this.#isFollowing));
		this.#wrap.addEventListener("click", () => {
			const isOn = this.#box.classList.toggle("unwrapped");
			setAttribute(this.#wrap, "aria-pressed", String(!isOn));
		});
		this.#box.addEventListener("scroll", () => {
			const fromEnd = this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight;
			if (fromEnd < 4 && !this.#isFollowing) this.#setFollowing(true);
			else if (fromEnd > 40 && this.#isFollowing && this.#scrolledByHand) this.#setFollowing(false);
		});
		for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
			this.#box.addEventListener(kind, () => (this.#scrolledByHand = true), { passive: true });
		}
		this.append(
			h("div.tools", h("label.search", icon("search"), this.#search), this.#stream, this.#follow, this.#wrap, this.#count),
			this.#box,
		);
	}

	#scrolledByHand = false;

	#setFollowing(isOn) {
		this.#isFollowing = isOn;
		this.#scrolledByHand = false;
		setAttribute(this.#follow, "aria-pressed", String(isOn));
		if (isOn) this.#box.scrollTop = this.#box.scrollHeight;
	}

	/** Ask for what is new, as long as nobody pushes it. */
	async #ask() {
		const process = this.#process;
		try {
			const answer = await this.api.logs(addressOf(process, this.state.list), PORTION);
			if (process !== this.#process || this.feed.isLive) return;
			const known = this.#overlap(answer.logs);
			if (known === 0 && this.#lines.length > 0) this.#gap();
			this.#add(answer.logs.slice(known));
			if (this.#lines.length === 0) this.#showCount();
		} catch (error) {
			if (process !== this.#process) return;
			setText(this.#count, error.message);
		}
		if (this.isConnected && !this.feed.isLive) this.#timer = setTimeout(() => this.#ask(), BEAT);
	}

	/** Count the lines of an answer that are shown already: those it begins with, and these end with. */
	#overlap(answer) {
		const isShown = (line, index, cut) => {
			const known = this.#lines.at(index - cut);
			return known && known.message === line.message && known.timestamp === line.timestamp && known.type === line.type;
		};
		let cut = Math.min(answer.length, this.#lines.length);
		while (cut > 0 && !answer.slice(0, cut).every((line, index) => isShown(line, index, cut))) cut -= 1;
		return cut;
	}

	#pushed = ({ detail }) => {
		if (detail.id !== this.#process?.id) return;
		if (detail.isGap) this.#gap();
		else this.#add([detail]);
	};

	#gap() {
		this.#box.append(h("div.gap", "Some lines are left out."));
	}

	#add(lines) {
		const fresh = lines.map((line) => this.#made(line));
		this.#lines.push(...fresh);
		this.#box.append(...fresh.map(({ element }) => element));
		for (const gone of this.#lines.splice(0, Math.max(0, this.#lines.length - MOST_LINES))) gone.element.remove();
		this.#showCount();
		if (this.#isFollowing) this.#toEnd();
	}

	#toEnd = onceAFrame(() => {
		if (this.#isFollowing) this.#box.scrollTop = this.#box.scrollHeight;
	});

	#made({ timestamp, type, message }) {
		const parts = stretches(String(message ?? ""));
		const text = h("span.text");
		const element = h("div", { class: `line of-${type === "error" ? "error" : "out"}` }, h("time", { datetime: timestamp, title: timestamp }, moment(timestamp)), text);
		const line = { type, timestamp, message, parts, plain: parts.map((part) => part.text).join(""), text, element };
		this.#filter(line);
		return line;
	}

	#filter(line) {
		const wanted = this.#search.value.toLowerCase();
		const isWanted = (this.#stream.value === "" || line.type === this.#stream.value) && line.plain.toLowerCase().includes(wanted);
		line.element.hidden = !isWanted;
		if (isWanted && line.marked !== wanted) {
			line.marked = wanted;
			line.text.replaceChildren(...drawn(line, wanted));
		}
	}

	#filterAll() {
		this.#lines.forEach((line) => this.#filter(line));
		this.#showCount();
		if (this.#isFollowing) this.#toEnd();
	}

	#countLines() {
		const shown = this.#lines.filter((line) => !line.element.hidden).length;
		const all = this.#lines.length;
		setText(this.#count, all === 0 ? "Nothing written yet" : shown === all ? plural(all, "line") : `${shown} of ${plural(all, "line")}`);
	}
}

/** Draw a line, with what was searched for marked, wherever styles change within it. */
function drawn({ parts, plain }, wanted) {
	const marks = new Set();
	const lower = plain.toLowerCase();
	for (let at = wanted ? lower.indexOf(wanted) : -1; at >= 0 && marks.size < 1000; at = lower.indexOf(wanted, at + wanted.length)) {
		marks.add(at).add(at + wanted.length);
	}
	const edges = [...marks];
	const nodes = [];
	let offset = 0;
	for (const { text, classes } of parts) {
		const cuts = [0, ...edges.map((edge) => edge - offset).filter((cut) => cut > 0 && cut < text.length), text.length];
		for (let index = 0; index + 1 < cuts.length; index += 1) {
			const piece = text.slice(cuts[index], cuts[index + 1]);
			const from = offset + cuts[index];
			const inside = edges.findLastIndex((edge) => edge <= from) % 2 === 0;
			nodes.push(classes || inside ? h(inside ? "mark" : "span", { class: classes || null }, piece) : piece);
		}
		offset += text.length;
	}
	return nodes;
}

customElements.define("pm-logs", LogView);
