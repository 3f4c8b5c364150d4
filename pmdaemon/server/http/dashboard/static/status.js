// A status as people see it: a shape, a colour and a word, any one of which is enough.

import { h } from "./dom.js";
import { icon } from "./icons.js";

export const STATUSES = ["online", "errored", "restarting", "starting", "stopping", "stopped"];

const TONES = { online: "good", errored: "bad", restarting: "busy", starting: "busy", stopping: "busy", stopped: "idle" };

/** Draw a status into an element, if it shows another. */
export function showStatus(element, status) {
	if (element.dataset.status === status) return;
	element.dataset.status = status;
	element.className = `status tone-${TONES[status] ?? "idle"}`;
	element.replaceChildren(icon(status), h("span", status));
}

/** Draw a health into an element; what nobody checks says nothing. */
export function showHealth(element, health) {
	const known = health === "healthy" || health === "unhealthy" || health === "starting";
	const word = known ? health : "";
	if (element.dataset.health === word) return;
	element.dataset.health = word;
	element.className = `health tone-${{ healthy: "good", unhealthy: "bad", starting: "busy" }[word] ?? "idle"}`;
	if (word) element.replaceChildren(icon(word), h("span", word));
	else element.replaceChildren(h("span", { "aria-hidden": "true" }, "–"), h("span.unseen", "not checked"));
}
