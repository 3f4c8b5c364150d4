// Signing in, and registering with an invitation.

import { h, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";
import { busy, field, input } from "./words.js";

/** Fires `entered` when a session has begun; `client` begins it. */
export class Enter extends HTMLElement {
	#isNew = false;
	#email = input({ type: "email", name: "email", autocomplete: "username", required: true });
	#name = input({ type: "text", name: "name", autocomplete: "name", minlength: 2 });
	#password = input({ type: "password", name: "password", autocomplete: "current-password", required: true });
	#invitation = input({ type: "text", name: "invitation", "aria-describedby": "enter-help" });
	#wrong = h("p.wrong", { role: "alert" });
	#title = h("h1");
	#submit = h("button.primary", { type: "submit" });
	#other = h("button.quiet", { onclick: () => this.#turn(!this.#isNew) });
	#new = [field("Name", this.#name), field("Invitation", this.#invitation, "Not for the first account.")];

	connectedCallback() {
		if (this.firstChild) return;
		this.append(
			h(
				"form",
				{ onsubmit: (event) => this.#enter(event) },
				icon("key"),
				this.#title,
				field("E-mail", this.#email),
				this.#new[0],
				field("Password", this.#password),
				this.#new[1],
				this.#wrong,
				this.#submit,
				this.#other,
				h("p.help", { id: "enter-help" }, "An administrator makes invitations: ", h("code", "pmdaemon user invite"), "."),
			),
		);
		this.#turn(false);
	}

	/** Ask; with a reason, when there was a session and it is over. */
	ask(reason) {
		setText(this.#wrong, reason ?? "");
		this.#email.focus();
	}

	#turn(isNew) {
		this.#isNew = isNew;
		for (const one of this.#new) one.hidden = !isNew;
		this.#name.required = isNew;
		setAttribute(this.#password, "autocomplete", isNew ? "new-password" : "current-password");
		setText(this.#title, isNew ? "Register" : "Sign in to deploy");
		setText(this.#submit, isNew ? "Register" : "Sign in");
		setText(this.#other, isNew ? "I have an account" : "I have no account yet");
		setText(this.#wrong, "");
	}

	async #enter(event) {
		event.preventDefault();
		const body = { email: this.#email.value, password: this.#password.value };
		if (this.#isNew) body.name = this.#name.value;
		if (this.#isNew && this.#invitation.value) body.invitation = this.#invitation.value.trim();
		try {
			await busy(this.#submit, () => this.client.enter(this.#isNew ? "register" : "login", body));
		} catch (error) {
			setText(this.#wrong, error.message);
			return this.#password.select();
		}
		this.#password.value = this.#invitation.value = "";
		setText(this.#wrong, "");
		this.dispatchEvent(new Event("entered"));
	}
}

customElements.define("pm-sign-in", Enter);
