// Whether what is shown is so, and what is done about it when it may not be.

import { h, setText } from "./dom.js";

const WORDS = { connecting: "Connecting", live: "Live", polling: "Polling", reconnecting: "Reconnecting", slowed: "Slowed down", offline: "Offline", "signed-out": "Signed out" };
const TONES = { live: "good", polling: "good", offline: "bad", slowed: "busy", reconnecting: "busy" };

/** A word in the head of the page, and a banner for what has to be known. */
export class LinkStatus {
	word = h("span.link", { role: "status" });
	#reason = h("span", { role: "status" });
	#again = h("button", "Try now");
	banner = h("div.banner", { hidden: true }, this.#reason, this.#again);

	constructor(retry) {
		this.#again.addEventListener("click", retry);
	}

	show(link, isKnown) {
		setText(this.word, WORDS[link.mode]);
		this.word.className = `link tone-${TONES[link.mode] ?? "idle"}`;
		const isBad = link.mode === "offline" || link.mode === "slowed";
		this.banner.hidden = !isBad;
		if (isBad) setText(this.#reason, [link.reason, isKnown ? "What is shown is from before." : "", `Trying again in ${secondsUntil(link.retryAt)} s.`].filter(Boolean).join(" "));
	}
}

function secondsUntil(time) {
	return Math.max(0, Math.ceil((time - Date.now()) / 1000));
}
