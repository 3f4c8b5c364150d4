// The page of deployments: who has signed in, and which part of it is shown.

import { AccountView } from "./account.js";
import { Client } from "./client.js";
import { DeploymentView } from "./deployment.js";
import { Messages } from "./dialogs.js";
import { call, h, setText } from "./dom.js";
import { Enter } from "./enter.js";
import { visible } from "./format.js";
import { icon } from "./icons.js";
import { ProjectList } from "./project-list.js";
import { ProjectView } from "./project.js";

class Page extends HTMLElement {
	client = new Client();
	messages = new Messages();
	#enter = Object.assign(new Enter(), { client: this.client });
	#who = h("a.hostname", { href: "#/account" });
	#out = h("button.quiet", { onclick: () => this.leave() }, icon("out"));
	#main = h("main.deploy");
	#complaint = "";

	connectedCallback() {
		const mark = h("img", { src: new URL("icon.svg", import.meta.url), alt: "" });
		this.append(
			h("header.top", h("h1", mark, h("a", { href: "#/" }, "Deployments")), this.#who, h("span.gap"), h("a.button", { href: "./" }, "Processes"), this.#out),
			this.#enter,
			this.#main,
			this.messages,
		);
		call(this.#out, "Sign out");
		this.#enter.addEventListener("entered", () => this.#show());
		this.client.addEventListener("signed-out", () => this.#show("Your session is over: sign in again."));
		addEventListener("hashchange", () => this.#show());
		this.#show();
	}

	/** Do something; when it cannot be done, say why, once, and return null. */
	async attempt(work) {
		try {
			const done = await work();
			this.#complaint = "";
			return done ?? true;
		} catch (error) {
			if (error.name === "AbortError" || error.status === 401) return null;
			if (error.message !== this.#complaint) this.messages.bad(error.message);
			this.#complaint = error.message;
			return null;
		}
	}

	async #show(reason) {
		const isIn = this.client.token !== null;
		this.#enter.hidden = isIn;
		this.#main.hidden = this.#out.hidden = this.#who.hidden = !isIn;
		document.title = "Deployments · pmdaemon";
		if (!isIn) {
			setText(this.#who, "");
			this.#main.replaceChildren();
			return this.#enter.ask(reason);
		}
		if (!this.#who.textContent) this.attempt(async () => setText(this.#who, visible((await this.client.ask("GET", "auth/me")).email)));
		this.#main.replaceChildren(this.#view());
	}

	#view() {
		if (location.hash === "#/account") return Object.assign(new AccountView(), { page: this });
		const [, kind, name] = location.hash.match(/^#\/(project|deployment)\/([\w-]+)$/) ?? [];
		if (kind === "project") return Object.assign(new ProjectView(), { page: this, slug: name });
		if (kind === "deployment") return Object.assign(new DeploymentView(), { page: this, id_: name });
		return Object.assign(new ProjectList(), { page: this });
	}

	leave() {
		this.client.token = null;
		location.hash = "#/";
		this.#show();
	}
}

customElements.define("pm-app", Page);
