// Whether what is shown is so, and what is done about it when it may not be.

import { h, setText } from "./dom.js";

const WORDS = { connecting: "Connecting", live: "Live", polling: "Polling", reconnecting: "Reconnecting", slowed: "Slowed down", offline: "Offline", "signed-out": "Signed out" };
const HELP = {
  live: "Changes are shown as they happen.",
  polling: "Changes are asked for every 3 seconds.",
  reconnecting: "The connection was lost; it is being made again.",
};
const TONES = { live: "good", polling: "good", offline: "bad", slowed: "busy", reconnecting: "busy" };

/** A word in the head of the page, and a banner for what has to be known. */
export class LinkStatus {
  word = h("span", { class: "link", role: "status" });
  #reason = h("span", { role: "status" });
  #again = h("button", { type: "button" }, "Try now");
  banner = h("div", { class: "banner", hidden: true }, this.#reason, this.#again);

  constructor(retry) {
    this.#again.addEventListener("click", retry);
  }

  show(link, isKnown) {
    setText(this.word, WORDS[link.mode]);
    this.word.className = `link tone-${TONES[link.mode] ?? "idle"}`;
    this.word.title = HELP[link.mode] ?? link.reason ?? "";
    const isBad = link.mode === "offline" || link.mode === "slowed";
    this.banner.hidden = !isBad;
    if (isBad) setText(this.#reason, [link.reason, isKnown ? "What is shown is from before." : "", `Trying again in ${secondsUntil(link.retryAt)} s.`].filter(Boolean).join(" "));
  }
}

function secondsUntil(time) {
  return Math.max(0, Math.ceil((time - Date.now()) / 1000));
}
