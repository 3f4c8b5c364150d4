// What can be done to a process: asked about first where it ends something, and told how it went.

import { addressOf } from "./api.js";
import { ask, chooseInstances } from "./dialogs.js";
import { h } from "./dom.js";
import { plural, visible } from "./format.js";

/** The verbs in the order of their buttons; `when` says for which process they make sense. */
export const VERBS = [
	{ verb: "start", title: "Start", when: (process) => !process.isUp },
	{ verb: "restart", title: "Restart", when: () => true },
	{ verb: "reload", title: "Reload", when: (process) => process.isUp },
	{ verb: "stop", title: "Stop", when: (process) => process.status !== "stopped" && process.status !== "errored" },
	{ verb: "scale", title: "Scale…", when: () => true },
	{ verb: "delete", title: "Delete…", when: () => true },
];

const DONE = { start: "Started", restart: "Restarted", reload: "Reloaded", stop: "Stopped", delete: "Deleted", scale: "Scaled" };

export class Actions {
	constructor({ api, state, feed, messages }) {
		Object.assign(this, { api, state, feed, messages });
	}

	/** Carry a verb out. Resolves with whether it was. */
	async perform(process, verb) {
		if (this.state.pending.has(process.id)) return false;
		const asked = await this.#asked(process, verb);
		if (asked === null) return false;
		const { address, body, what } = asked;
		const request = verb === "delete" ? this.api.delete(address) : this.api.act(address, verb, body);
		let answer;
		try {
			answer = await this.state.whilePending(process.id, request);
		} catch (error) {
			if (error.needsKey) this.feed.start();
			else this.messages.bad(/^cannot /i.test(error.message) ? error.message : `Cannot ${verb} ${what}: ${error.message}`, error.code);
			await this.feed.refresh();
			return false;
		}
		const more = verb === "scale" ? ` to ${plural(body.instances, "instance")}` : answer.restarted?.length ? ", by a restart: it cannot run beside itself" : "";
		this.messages.good(`${DONE[verb]} ${what}${more}.`);
		await this.feed.refresh();
		return true;
	}

	/** Ask what has to be asked; null when it was thought better of. */
	async #asked(process, verb) {
		const count = this.state.instancesOf(process).length;
		const name = visible(process.name);
		const one = { address: addressOf(process, this.state.list), what: count > 1 ? `${name}:${process.instance ?? process.id}` : name };
		const all = { address: process.name, what: `all instances of ${name}` };
		if (verb === "start") return one;
		if (verb === "reload") return { ...all, what: name };
		if (verb === "scale") return this.#askScale(process, name, count);
		const { fields, isAll } = chooseInstances(process, count);
		const texts = {
			restart: "It ends with everything it started, and starts anew.",
			stop: "It ends with everything it started, and stays down until it is started.",
			delete: "It ends with everything it started, and is forgotten. Its log files stay.",
		};
		return ask({
			title: `${verb[0].toUpperCase()}${verb.slice(1)} ${name}?`,
			text: texts[verb],
			fields,
			confirm: verb[0].toUpperCase() + verb.slice(1),
			danger: verb === "delete",
			value: () => (isAll() ? all : one),
		});
	}

	#askScale(process, name, count) {
		const input = h("input", { type: "number", min: 1, max: 1000, step: 1, value: count, required: true, inputmode: "numeric" });
		return ask({
			title: `Scale ${name}`,
			text: "New instances are started, or those with the highest numbers ended.",
			fields: [h("label.field", h("span", "Instances"), input)],
			confirm: "Scale",
			value: () => ({ address: process.name, body: { instances: Number(input.value) }, what: name }),
		});
	}
}
