// All projects of whoever has signed in, and a new one.

import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { visible } from "./format.js";
import { busy, empty, every, field, input, link, redraw, status } from "./words.js";

/** Milliseconds between looks. */
const BEAT = 4000;

export class ProjectList extends HTMLElement {
	#list = h("ul.cards", { "aria-label": "Projects" });
	#stop = null;

	connectedCallback() {
		const add = h("button.primary", { onclick: () => this.#create(add) }, "New project");
		this.replaceChildren(h("header.bar", h("h2", { tabindex: -1, "data-heading": true }, "Projects"), add), this.#list);
		this.#stop = every(BEAT, () => this.page.attempt(() => this.#look()));
	}

	disconnectedCallback() {
		this.#stop?.();
	}

	async #look() {
		const projects = await this.page.client.list("projects");
		if (projects.length === 0) return this.#list.replaceChildren(empty("Nothing is deployed here yet", h("p", "A project is a repository, and how it is run.")));
		const kept = document.activeElement?.getAttribute("href");
		redraw(this.#list, projects.map((project) => this.#card(project)));
		if (kept) [...this.#list.querySelectorAll("a")].find((a) => a.getAttribute("href") === kept)?.focus();
	}

	#card(project) {
		return h(
			"li.card",
			h("div.bar", h("h3", h("a", { href: `#/project/${project.slug}` }, visible(project.name))), status(project.status)),
			h("p.muted", visible(project.repo_url), " · ", visible(project.branch)),
			project.url ? h("p", link(project.url)) : null,
		);
	}

	async #create(button) {
		const name = input({ type: "text", required: true, minlength: 2, maxlength: 64 });
		const repository = input({ type: "text", required: true, placeholder: "https://github.com/user/repo" });
		const branch = input({ type: "text", value: "main" });
		const body = await ask({
			title: "New project",
			fields: [field("Name", name), field("Repository", repository), field("Branch", branch)],
			confirm: "Create",
			value: () => ({ name: name.value, repo_url: repository.value, branch: branch.value }),
		});
		if (body === null) return;
		const project = await busy(button, () => this.page.attempt(() => this.page.client.ask("POST", "projects", body)));
		if (project) location.hash = `#/project/${project.slug}`;
	}
}

customElements.define("pm-project-list", ProjectList);
