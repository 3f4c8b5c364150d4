// What belongs to a project or an account, each a list with a form above it.

import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { visible } from "./format.js";
import { busy, empty, field, input, status } from "./words.js";

/** A list with a form above it; what is in it is asked for anew after each change. */
export class Belongings extends HTMLElement {
	#list = h("ul.rows");

	/** What they belong to, in a request; of an account nothing has to be said. */
	get owner() {
		return this.project ? { project_id: this.project.id } : {};
	}

	connectedCallback() {
		const add = h("button.primary", { type: "submit" }, this.words.add);
		const form = h("form.adding", { onsubmit: (event) => this.#add(event, add) }, ...this.fields(), add);
		this.replaceChildren(form, this.#list);
		this.page.attempt(() => this.look());
	}

	async look() {
		const found = await this.page.client.list(`${this.words.path}?${new URLSearchParams(this.owner)}`);
		this.#list.replaceChildren(...(found.length ? found.map((one) => this.row(one)) : [empty(this.words.none)]));
	}

	async #add(event, button) {
		event.preventDefault();
		const body = { ...this.owner, ...this.given() };
		const added = await busy(button, () => this.page.attempt(() => this.page.client.ask("POST", this.words.path, body)));
		if (!added) return;
		event.target.reset();
		await this.added(added);
		await this.page.attempt(() => this.look());
	}

	/** Make a button that removes something, once that is confirmed. */
	remove(what, path, body) {
		const word = this.words.remove ?? "Remove";
		const button = h(
			"button.danger-quiet",
			{
				onclick: async () => {
					if (!(await ask({ title: `${word} ${visible(what)}?`, confirm: word, danger: true }))) return;
					await busy(button, () => this.page.attempt(() => this.page.client.ask("DELETE", path, body)));
					await this.page.attempt(() => this.look());
				},
			},
			word,
			h("span.unseen", ` ${visible(what)}`),
		);
		return button;
	}

	/** Draw something with a name, words about it, and the button that removes it. */
	item(name, words, path) {
		return h("li", h("strong", visible(name)), h("span.muted", words), h("span.gap"), this.remove(name, path));
	}

	async added() {}
}

/** Show what is shown this once. */
export function handOver(title, text, rows) {
	const shown = h("dl.facts", ...rows.map(([name, value]) => h("div", h("dt", name), h("dd", h("code", value)))));
	return ask({ title, text, fields: [shown], confirm: "Done" });
}

export class Variables extends Belongings {
	words = { add: "Set", path: "env", none: "No variables" };
	#key = input({ type: "text", required: true, pattern: "[A-Za-z_][A-Za-z0-9_]*", placeholder: "DATABASE_URL" });
	#value = input({ type: "password", autocomplete: "new-password" });
	#scope = h("select", ...["both", "run", "build"].map((scope) => h("option", { value: scope }, scope)));

	fields() {
		return [field("Name", this.#key), field("Value", this.#value), field("For", this.#scope)];
	}

	given() {
		return { key: this.#key.value, value: this.#value.value, scope: this.#scope.value };
	}

	row(one) {
		return h("li", h("code", one.key), h("span.muted", one.scope), h("span.gap"), this.remove(one.key, "env", { project_id: this.project.id, key: one.key }));
	}

	async added(one) {
		this.page.messages.good(`${one.key} is set from the next deployment on.`);
	}
}

export class Domains extends Belongings {
	words = { add: "Add", path: "domains", none: "No domains of its own" };
	#host = input({ type: "text", required: true, placeholder: "app.example.com", inputmode: "url" });

	fields() {
		return [field("Domain", this.#host)];
	}

	given() {
		return { domain: this.#host.value };
	}

	row(one) {
		const verify = h("button", { onclick: () => this.#verify(verify, one) }, "Verify", h("span.unseen", ` ${one.domain}`));
		const proof = one.verification;
		return h(
			"li.tall",
			h("div.bar", h("strong", one.domain), one.verified ? status("active") : h("span.muted", "not verified"), h("span.gap"), one.verified ? null : verify, this.remove(one.domain, `domains/${one.id}`)),
			proof ? h("p.help", "Put ", h("code", proof.value), " at ", h("code", proof.http_url), ", or into the TXT record ", h("code", proof.txt_name), ".") : null,
		);
	}

	async #verify(button, one) {
		const seen = await busy(button, () => this.page.attempt(() => this.page.client.ask("POST", `domains/${one.id}/verify`)));
		if (seen) this.page.messages.good(`${seen.domain} is routed.`);
		await this.page.attempt(() => this.look());
	}
}

export class Webhooks extends Belongings {
	words = { add: "Make", path: "webhooks", none: "No webhooks" };
	#provider = h("select", ...["github", "gitlab", "gitea"].map((provider) => h("option", { value: provider }, provider)));
	#branch = input({ type: "text", placeholder: "the project's" });

	fields() {
		return [field("Forge", this.#provider), field("Branch", this.#branch)];
	}

	given() {
		return { provider: this.#provider.value, branch: this.#branch.value };
	}

	row(one) {
		return h("li", h("strong", one.provider), h("code", one.webhook_url), h("span.muted", visible(one.branch)), h("span.gap"), this.remove(`this ${one.provider} webhook`, `webhooks/${one.id}`));
	}

	added(one) {
		return handOver("Give these to the forge", "The secret is not shown again.", [["Address", one.webhook_url], ["Secret", one.secret]]);
	}
}

customElements.define("pm-variables", Variables);
customElements.define("pm-domains", Domains);
customElements.define("pm-webhooks", Webhooks);
