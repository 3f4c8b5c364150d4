// One's own account: API tokens, for administrators invitations, the password, and signing out.

import { Belongings, handOver } from "./belongings.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { moment, visible } from "./format.js";
import { busy, field, input } from "./words.js";

const DAY = 86400;
const TIMES = { "for ever": "", "30 days": 30 * DAY, "90 days": 90 * DAY, "a year": 365 * DAY };

class Tokens extends Belongings {
	words = { add: "Make token", path: "auth/tokens", none: "No API tokens", remove: "Revoke" };
	#name = input({ type: "text", required: true, placeholder: "ci", maxlength: 64 });
	#time = h("select", ...Object.entries(TIMES).map(([words, value]) => h("option", { value }, words)));

	fields() {
		return [field("Name", this.#name), field("Good", this.#time)];
	}

	given() {
		return { name: this.#name.value, expires_in: Number(this.#time.value) || undefined };
	}

	row(one) {
		const used = one.last_used_at ? `used ${moment(one.last_used_at)}` : "never used";
		return this.item(one.name, one.expires_at ? `${used}, good until ${moment(one.expires_at)}` : used, `auth/tokens/${one.id}`);
	}

	added(one) {
		return handOver("Your API token", "It deploys and pushes, and is not shown again.", [["Token", one.token]]);
	}
}

class Invitations extends Belongings {
	words = { add: "Invite", path: "auth/invitations", none: "No invitations that nobody has used", remove: "Withdraw" };
	#email = input({ type: "email", placeholder: "anybody" });
	#role = h("select", ...["user", "admin"].map((role) => h("option", { value: role }, role)));

	fields() {
		return [field("For", this.#email), field("As", this.#role)];
	}

	given() {
		return { email: this.#email.value || undefined, role: this.#role.value };
	}

	row(one) {
		return this.item(one.email ?? "anybody", `as ${one.role}, until ${moment(one.expires_at)}`, `auth/invitations/${one.id}`);
	}

	added(one) {
		return handOver("An invitation", "Who has it can register once. It is not shown again.", [["Invitation", one.invitation]]);
	}
}

export class AccountView extends HTMLElement {
	async connectedCallback() {
		this.replaceChildren(h("p.waiting", "Asking the daemon …"));
		const me = await this.page.attempt(() => this.page.client.ask("GET", "auth/me"));
		if (!me || !this.isConnected) return;
		document.title = "Account · pmdaemon";
		const out = h("button.danger-quiet", { onclick: () => this.#leave(out) }, "Sign out everywhere");
		const part = (title, element) => h("section.panel", { "aria-label": title }, h("h3", title), Object.assign(element, { page: this.page }));
		this.replaceChildren(
			h("p.crumbs", h("a", { href: "#/" }, "Projects")),
			h("header.bar", h("h2", { tabindex: -1, "data-heading": true }, visible(me.email), h("span.live", me.role)), out),
			part("API tokens", new Tokens()),
			...(me.role === "admin" ? [part("Invitations", new Invitations())] : []),
			part("Password", this.#password()),
		);
		this.querySelector("[data-heading]").focus();
	}

	#password() {
		const password = (name, autocomplete) => input({ type: "password", name, autocomplete, required: true });
		const [former, next] = [password("current", "current-password"), password("new", "new-password")];
		const save = h("button.primary", { type: "submit" }, "Change password");
		const submit = async (event) => {
			event.preventDefault();
			const body = { current_password: former.value, new_password: next.value };
			if (!(await busy(save, () => this.page.attempt(() => this.page.client.enter("password", body))))) return;
			event.target.reset();
			this.page.messages.good("Your password is changed. All other sessions have ended.");
		};
		return h("form.adding", { onsubmit: submit }, field("Current password", former), field("New password", next), save);
	}

	async #leave(button) {
		const text = "All sessions of this account end, this one too. API tokens stay.";
		if (!(await ask({ title: "Sign out everywhere?", text, confirm: "Sign out", danger: true }))) return;
		if (await busy(button, () => this.page.attempt(() => this.page.client.ask("POST", "auth/logout")))) this.page.leave();
	}
}

customElements.define("pm-tokens", Tokens);
customElements.define("pm-invitations", Invitations);
customElements.define("pm-account", AccountView);
