// One deployment: how far it is, what it says while it is built, and what can be done about it.

import { stretches } from "./ansi.js";
import { h, setText } from "./dom.js";
import { moment, visible } from "./format.js";
import { busy, commit, every, link, PHASES, status, took } from "./words.js";

const BEAT = 1500;
const MOST_LINES = 5000;

export class DeploymentView extends HTMLElement {
	#head = h("div.head");
	#lines = h("div.lines", { role: "log", "aria-live": "off", "aria-label": "Log of the deployment", tabindex: 0 });
	#state = h("p.muted", { role: "status" });
	#drawn = "";
	#stop = null;
	#reading = null;

	connectedCallback() {
		this.replaceChildren(this.#head, this.#state, this.#lines);
		this.#stop = every(BEAT, () => this.page.attempt(() => this.#look()));
		this.#read();
	}

	disconnectedCallback() {
		this.#stop?.();
		this.#reading?.abort();
	}

	async #look() {
		const one = await this.page.client.ask("GET", `deployments/${encodeURIComponent(this.id_)}`);
		const isUnderWay = one.status === "queued" || one.status === "building";
		setText(this.#state, isUnderWay ? `${one.phase ?? one.status} · ${took(one)}` : one.finished_at ? `took ${took(one)}` : "");
		const picture = JSON.stringify(one);
		if (picture === this.#drawn) return;
		this.#drawn = picture;
		this.project ??= await this.page.client.ask("GET", `projects/${one.project_id}`);
		this.#draw(one, isUnderWay);
	}

	#draw(one, isUnderWay) {
		const isFirst = !this.#head.firstChild;
		const act = (words, kind, path) => {
			const button = h(kind, { onclick: () => this.#act(button, path) }, words);
			return button;
		};
		document.title = `#${one.number} ${one.status} · ${visible(this.project.name)}`;
		const parts = [
			h("p.crumbs", h("a", { href: "#/" }, "Projects"), " / ", h("a", { href: `#/project/${this.project.slug}` }, visible(this.project.name))),
			h(
				"header.bar",
				h("h2", { tabindex: -1, "data-heading": true }, `Deployment ${one.number} `, status(one.status), one.is_default ? h("span.live", "live") : null),
				h(
					"div.verbs",
					one.can_roll_back && !one.is_default ? act("Roll back to this", "button.primary", "rollback") : null,
					isUnderWay ? act("Cancel", "button.danger-quiet", "cancel") : act("Deploy again", "button", "restart"),
				),
			),
			h("p", commit(one), " ", h("span.said", visible(one.commit_msg)), h("span.muted", ` on ${visible(one.branch)}`), one.rollback_of ? h("span.muted", ", a release that was kept") : null),
			one.error_msg ? h("p.reason.bad", visible(one.error_msg)) : null,
			one.url ? h("p", link(one.url)) : null,
			h("ol.phases", { "aria-label": "Phases" }, ...PHASES.map((phase) => this.#phase(one, phase))),
		];
		this.#head.replaceChildren(...parts.filter(Boolean));
		if (isFirst) this.#head.querySelector("[data-heading]").focus();
	}

	#phase(one, phase) {
		const seconds = one.phases[phase];
		const isNow = one.phase === phase;
		const isLast = seconds !== undefined && PHASES.filter((each) => one.phases[each] !== undefined).at(-1) === phase;
		const tone = isNow ? "busy" : seconds === undefined ? "idle" : one.status === "failed" && isLast ? "bad" : "good";
		const words = isNow ? "under way" : seconds === undefined ? "" : `${seconds.toFixed(1)} s`;
		return h("li", { class: `tone-${tone}`, "aria-current": isNow ? "step" : null }, h("strong", phase), h("span", words));
	}

	async #act(button, path) {
		const asked = await busy(button, () => this.page.attempt(() => this.page.client.ask("POST", `deployments/${this.id_}/${path}`)));
		if (asked && asked.id !== this.id_) location.hash = `#/deployment/${asked.id}`;
		else if (asked) await this.page.attempt(() => this.#look());
	}

	async #read() {
		this.#reading = new AbortController();
		await this.page.attempt(async () => {
			for await (const line of this.page.client.lines(this.id_, this.#reading.signal)) this.#add(line);
			await this.#look();
		});
	}

	#add(line) {
		const isAtEnd = this.#lines.scrollHeight - this.#lines.scrollTop - this.#lines.clientHeight < 40;
		const text = h("span.text", ...stretches(line.message).map(({ text, classes }) => (classes ? h("span", { class: classes }, text) : text)));
		this.#lines.append(h("div", { class: `line of-${line.stream} ${line.level === "error" ? "of-error" : ""} level-${line.level}` }, h("time", { datetime: line.created_at }, moment(line.created_at)), text));
		if (this.#lines.childElementCount > MOST_LINES) this.#lines.firstChild.remove();
		if (isAtEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
	}
}

customElements.define("pm-deployment", DeploymentView);
