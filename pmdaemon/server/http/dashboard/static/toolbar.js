// What of the processes is shown: by status, by namespace, by words.

import { h, setAttribute, setText } from "./dom.js";
import { visible } from "./format.js";
import { icon } from "./icons.js";
import { STATUSES } from "./status.js";

/** Fires `input` when another selection is wanted, as its controls do. */
export class Toolbar extends HTMLElement {
	#status = "";
	#chips = new Map();
	#search = h("input", { type: "search", placeholder: "Search processes", "aria-label": "Search processes", "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false" });
	#namespace = h("select", { "aria-label": "Namespace" });
	#namespaces = "";

	connectedCallback() {
		if (this.firstChild) return;
		const chips = h("div.chips", { role: "group", "aria-label": "Show by status" });
		for (const status of ["", ...STATUSES]) {
			const count = h("span.number");
			const chip = h("button", { "aria-pressed": String(status === ""), class: `chip chip-${status || "all"}` }, status ? icon(status) : null, h("span", status || "all"), count);
			chip.addEventListener("click", () => {
				this.#status = status;
				this.#changed();
			});
			this.#chips.set(status, { chip, count });
			chips.append(chip);
		}
		this.append(chips, h("div.narrow", this.#namespace, h("label.search", icon("search"), this.#search, h("kbd", { "aria-hidden": "true" }, "/"))));
	}

	focus() {
		this.#search.focus();
		this.#search.select();
	}

	clear() {
		this.#search.value = this.#namespace.value = this.#status = "";
		this.#changed();
	}

	#changed() {
		this.dispatchEvent(new Event("input"));
	}

	/** Choose from all processes those that are wanted. */
	choose(processes) {
		const words = this.#search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const isWanted = (process) => {
			const text = [process.name, process.namespace, process.id, process.pid, process.port].join(" ").toLowerCase();
			return (this.#namespace.value === "" || process.namespace === this.#namespace.value) && words.every((word) => text.includes(word));
		};
		const found = processes.filter(isWanted);
		this.#showCounts(found);
		return this.#status === "" ? found : found.filter(({ status }) => status === this.#status);
	}

	/** Offer the namespaces that there are. */
	offer(processes) {
		const names = [...new Set(processes.map(({ namespace }) => namespace).filter(Boolean))].sort();
		const known = JSON.stringify(names);
		if (known === this.#namespaces) return;
		this.#namespaces = known;
		const chosen = this.#namespace.value;
		this.#namespace.replaceChildren(h("option", { value: "" }, "All namespaces"), ...names.map((name) => h("option", { value: name }, visible(name))));
		this.#namespace.value = names.includes(chosen) ? chosen : "";
		this.#namespace.hidden = names.length < 2;
	}

	#showCounts(found) {
		for (const [status, { chip, count }] of this.#chips) {
			const number = status === "" ? found.length : found.filter((process) => process.status === status).length;
			setText(count, String(number));
			setAttribute(chip, "aria-pressed", String(status === this.#status));
			chip.hidden = number === 0 && status !== "" && status !== this.#status && status !== "online";
		}
	}
}

customElements.define("pm-toolbar", Toolbar);
