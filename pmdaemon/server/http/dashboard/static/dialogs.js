// Questions before something is done, and words about how it went.

import { h } from "./dom.js";
import { icon } from "./icons.js";

/** Milliseconds that good news stay. */
const GOOD_NEWS = 5000;

/**
 * Ask, and resolve with what was chosen, or null: `fields` are labelled controls, and `value` reads them.
 */
export function ask({ title, text, fields = [], confirm, danger = false, value = () => true }) {
	return new Promise((resolve) => {
		const before = document.activeElement;
		const cancel = h("button", { onclick: () => dialog.close("") }, "Cancel");
		const form = h(
			"form",
			{ method: "dialog" },
			h("h2", { id: "question" }, title),
			text ? h("p", { id: "question-text" }, text) : null,
			...fields,
			h("div.buttons", cancel, h("button", { type: "submit", class: danger ? "danger" : "primary", value: "yes" }, confirm)),
		);
		const dialog = h("dialog", { "aria-labelledby": "question", "aria-describedby": text ? "question-text" : null }, form);
		dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""));
		dialog.addEventListener("close", () => {
			resolve(dialog.returnValue === "yes" ? value() : null);
			dialog.remove();
			if (before?.isConnected) before.focus();
		});
		document.body.append(dialog);
		dialog.showModal();
		// What cannot be undone is not one keystroke away.
		(danger ? cancel : (form.querySelector("input") ?? form.querySelector("[type=submit]"))).focus();
	});
}

/** Offer to act on one instance, or on all of its app. */
export function chooseInstances(process, count) {
	if (count < 2) return { fields: [], isAll: () => false };
	const choice = (value, words, checked) => h("label.choice", h("input", { type: "radio", name: "which", value, checked }), h("span", words));
	const all = choice("all", `All ${count} instances`, false);
	const one = choice("one", `Only instance ${process.instance ?? process.id}`, true);
	const group = h("fieldset", h("legend", "Which"), one, all);
	return { fields: [group], isAll: () => all.firstChild.checked };
}

/** Messages in a corner: good news go by themselves, bad ones when they were read. */
export class Messages extends HTMLElement {
	#good = h("div", { role: "status" });
	#bad = h("div", { role: "alert" });

	connectedCallback() {
		if (!this.firstChild) this.append(this.#good, this.#bad);
	}

	good(text) {
		const message = h("p.message", h("span", text));
		this.#good.replaceChildren(message);
		setTimeout(() => message.remove(), GOOD_NEWS);
	}

	bad(text, code) {
		const message = h(
			"p",
			{ class: "message bad" },
			h("span", text, code ? h("code", code) : null),
			h("button.quiet", { "aria-label": "Dismiss", onclick: () => message.remove() }, icon("close")),
		);
		this.#bad.append(message);
		while (this.#bad.children.length > 3) this.#bad.firstChild.remove();
	}
}

customElements.define("pm-messages", Messages);
