// The deployments of a project: asked for, listed, gone back to by one button.

import { h } from "./dom.js";
import { visible } from "./format.js";
import { busy, commit, empty, every, redraw, status, took, when } from "./words.js";

const BEAT = 3000;

export class Deployments extends HTMLElement {
	#body = h("tbody");
	#table = h("div.scrolls", h("table", h("thead", h("tr", ...["Deployment", "Status", "Commit", "When", "Took", ""].map((title) => h("th", { scope: "col" }, title)))), this.#body));
	#none = empty("Not deployed yet");
	#stop = null;

	connectedCallback() {
		const deploy = h("button.primary", { onclick: () => this.#deploy(deploy) }, "Deploy");
		this.replaceChildren(h("div.tools", deploy, h("span.muted", "the latest commit of ", h("code", visible(this.project.branch)))), this.#none, this.#table);
		this.#stop = every(BEAT, () => this.page.attempt(() => this.#look()));
	}

	disconnectedCallback() {
		this.#stop?.();
	}

	async #look() {
		const found = await this.page.client.list(`deployments?limit=50&project_id=${this.project.id}`);
		this.#none.hidden = found.length > 0;
		this.#table.hidden = found.length === 0;
		const kept = document.activeElement?.dataset?.key;
		redraw(this.#body, found.map((one) => this.#row(one)));
		if (kept) this.#body.querySelector(`[data-key="${CSS.escape(kept)}"]`)?.focus();
	}

	#row(one) {
		const back = h("button", { "data-key": `back-${one.id}`, onclick: () => this.#rollBack(back, one) }, "Roll back", h("span.unseen", ` to ${one.number}`));
		const opener = h("a.opener-of", { href: `#/deployment/${one.id}`, "data-key": `open-${one.id}` }, `#${one.number}`);
		return h(
			"tr",
			{ "data-live": one.is_default || null },
			h("td", opener, one.is_default ? h("span.live", "live") : null),
			h("td", status(one.status), one.phase ? h("span.muted", ` ${one.phase}`) : null),
			h("td", commit(one), " ", h("span.said", visible(one.error_msg || one.commit_msg))),
			h("td", when(one.created_at)),
			h("td", took(one)),
			h("td", one.can_roll_back && !one.is_default ? back : null),
		);
	}

	async #deploy(button) {
		const asked = await busy(button, () => this.page.attempt(() => this.page.client.ask("POST", "deployments", { project_id: this.project.id })));
		if (asked) location.hash = `#/deployment/${asked.id}`;
	}

	async #rollBack(button, one) {
		const asked = await busy(button, () => this.page.attempt(() => this.page.client.ask("POST", `deployments/${one.id}/rollback`)));
		if (asked) location.hash = `#/deployment/${asked.id}`;
	}
}

customElements.define("pm-deployments", Deployments);
