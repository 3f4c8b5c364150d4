// How deployments and projects are shown in few words.

import { h, setAttribute } from "./dom.js";
import { duration, moment, visible } from "./format.js";
import { icon } from "./icons.js";

const TONES = { running: "good", active: "good", failed: "bad", building: "busy", queued: "busy", stopped: "idle", inactive: "idle" };
const ICONS = { running: "online", active: "online", failed: "errored", building: "starting", queued: "starting", stopped: "stopped", inactive: "stopped" };

export const PHASES = ["fetch", "install", "build", "release", "start"];

/** Draw a status: a shape, a colour and a word, any one of which is enough. */
export function status(word) {
	return h("span", { class: `status tone-${TONES[word] ?? "idle"}`, "data-status": word }, icon(ICONS[word] ?? "stopped"), h("span", word));
}

/** Name a commit, short. */
export function commit(deployment) {
	return deployment.commit_sha ? h("code.sha", deployment.commit_sha.slice(0, 7)) : h("span.muted", "latest");
}

/** Say when something was, for people and for programs. */
export function when(iso) {
	return h("time", { datetime: iso }, moment(iso));
}

/** Say how long a deployment took, or has taken until now. */
export function took(deployment) {
	if (!deployment.started_at) return "";
	const end = deployment.finished_at ? new Date(deployment.finished_at) : new Date();
	const seconds = (end - new Date(deployment.started_at)) / 1000;
	return deployment.finished_at && seconds < 10 ? `${seconds.toFixed(1)}s` : duration(seconds);
}

/** Make a labelled control. */
export function field(words, control, help) {
	return h("label.labelled", h("span", words), control, help ? h("span.help", help) : null);
}

/** Make an input whose properties are given. */
export function input(properties) {
	return h("input", { autocomplete: "off", spellcheck: "false", ...properties });
}

/** Draw what is empty: a heading, and what to do about it. */
export function empty(title, ...rest) {
	return h("div.empty", h("h2", title), ...rest);
}

/** Replace those children that look different: a click on another may be under way. */
export function redraw(element, children) {
	children.forEach((child, index) => {
		const old = element.children[index];
		if (!old?.isEqualNode(child)) old ? old.replaceWith(child) : element.append(child);
	});
	while (element.children[children.length]) element.lastChild.remove();
}

/** A link that is safe to follow, as text where it is none. */
export function link(url) {
	return /^https?:\/\//.test(url) ? h("a.link-out", { href: url, rel: "noreferrer" }, visible(url)) : h("span", visible(url));
}

/** Repeat `work` every so many milliseconds while the page is looked at; call the result to end it. */
export function every(milliseconds, work) {
	let timer = 0;
	let isOver = false;
	const turn = async () => {
		if (!document.hidden) await work();
		if (!isOver) timer = setTimeout(turn, milliseconds);
	};
	turn();
	return () => {
		isOver = true;
		clearTimeout(timer);
	};
}

/** Have a control say that it is busy while something is done. */
export async function busy(control, work) {
	setAttribute(control, "aria-disabled", true);
	try {
		return await work();
	} finally {
		setAttribute(control, "aria-disabled", false);
	}
}
