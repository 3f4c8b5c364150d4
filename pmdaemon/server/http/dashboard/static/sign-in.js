// The question for the key, which is kept for this tab and nowhere else.

import { h, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";

/** Fires `key` with what was typed. */
export class SignIn extends HTMLElement {
	#input = h("input", { type: "password", id: "key", autocomplete: "off", autocapitalize: "off", spellcheck: "false", required: true, "aria-describedby": "key-help key-wrong" });
	#wrong = h("p.wrong", { id: "key-wrong", role: "alert" });

	connectedCallback() {
		if (this.firstChild) return;
		this.append(
			h(
				"form",
				{ onsubmit: (event) => this.#submit(event) },
				icon("key"),
				h("h1", "Sign in to pmdaemon"),
				h("label", { for: "key" }, "API key"),
				this.#input,
				this.#wrong,
				h("button.primary", { type: "submit" }, "Sign in"),
				h("p.help", { id: "key-help" }, "It is the key this server was given with ", h("code", "pmdaemon web"), ", and is forgotten when this tab is closed."),
			),
		);
	}

	/** Ask; with a reason, when there was a key and it was refused. */
	ask(reason) {
		setText(this.#wrong, reason ?? "");
		setAttribute(this.#input, "aria-invalid", Boolean(reason));
		this.#input.focus();
		this.#input.select();
	}

	#submit(event) {
		event.preventDefault();
		const key = this.#input.value.trim();
		// What no header can carry was mistyped.
		if (!/^[\x21-\x7e]+$/.test(key)) return this.ask("A key has letters, digits and signs only.");
		this.#input.value = "";
		this.dispatchEvent(new CustomEvent("key", { detail: key }));
	}
}

customElements.define("pm-sign-in", SignIn);
