// One project: its deployments, what belongs to it, and how it is built and run.

import { Domains, Variables, Webhooks } from "./belongings.js";
import { Deployments } from "./deployments.js";
import { ask } from "./dialogs.js";
import { h } from "./dom.js";
import { visible } from "./format.js";
import { tabs } from "./tabs.js";
import { busy, field, input, link, status } from "./words.js";

const FIELDS = [
	["name", "Name"],
	["repo_url", "Repository"],
	["branch", "Branch"],
	["run_dir", "Folder in it"],
	["install_command", "Install"],
	["build_command", "Build"],
	["start_command", "Start"],
	["health_path", "Health path"],
	["start_timeout", "Seconds to get ready in; 0 as usual"],
	["build_timeout", "Seconds to install and to build in; 0 as usual"],
	["drain_seconds", "Seconds that an old release may finish in"],
	["keep_releases", "Releases kept"],
];

export class ProjectView extends HTMLElement {
	async connectedCallback() {
		this.replaceChildren(h("p.waiting", "Asking the daemon …"));
		const project = await this.page.attempt(() => this.page.client.ask("GET", `projects/${encodeURIComponent(this.slug)}`));
		if (!project || !this.isConnected) return;
		document.title = `${visible(project.name)} · pmdaemon`;
		const part = (kind) => Object.assign(new kind(), { page: this.page, project });
		const made = { deployments: Deployments, variables: Variables, domains: Domains, webhooks: Webhooks };
		const panels = Object.keys(made).map((key) => ({ key, title: key[0].toUpperCase() + key.slice(1), panel: h("div.panel") }));
		panels.push({ key: "settings", title: "Settings", panel: h("div.panel", this.#settings(project)) });
		const { list, choose } = tabs(panels, "Parts of the project", (key) => {
			for (const each of panels) if (made[each.key]) each.panel.replaceChildren(...(each.key === key ? [part(made[key])] : []));
		});
		this.replaceChildren(
			h("p.crumbs", h("a", { href: "#/" }, "Projects")),
			h("header.bar", h("h2", { tabindex: -1, "data-heading": true }, visible(project.name), " ", status(project.status)), project.url ? link(project.url) : null),
			list,
			...panels.map(({ panel }) => panel),
		);
		choose("deployments");
		this.querySelector("[data-heading]").focus();
	}

	#settings(project) {
		const controls = FIELDS.map(([name, words]) => [name, words, input({ type: typeof project[name] === "number" ? "number" : "text", min: 0, step: "any", value: project[name], name })]);
		const save = h("button.primary", { type: "submit" }, "Save");
		const remove = h("button.danger-quiet", { onclick: () => this.#remove(remove, project) }, "Delete project");
		const submit = async (event) => {
			event.preventDefault();
			const body = Object.fromEntries(controls.map(([name, , control]) => [name, control.type === "number" ? control.valueAsNumber : control.value]));
			const changed = await busy(save, () => this.page.attempt(() => this.page.client.ask("PUT", `projects/${project.id}`, body)));
			if (changed) this.page.messages.good("Saved. It counts from the next deployment on.");
		};
		return h(
			"form.settings",
			{ onsubmit: submit },
			...controls.map(([, words, control]) => field(words, control)),
			h("p.help", "Commands that are empty are found out from the repository."),
			h("div.bar", save, h("span.gap"), remove),
		);
	}

	async #remove(button, project) {
		const text = "What runs of it ends, and its releases, variables and domains go. This cannot be undone.";
		if (!(await ask({ title: `Delete ${visible(project.name)}?`, text, confirm: "Delete", danger: true }))) return;
		const gone = await busy(button, () => this.page.attempt(() => this.page.client.ask("DELETE", `projects/${project.id}`)));
		if (gone) location.hash = "#/";
	}
}

customElements.define("pm-project", ProjectView);
