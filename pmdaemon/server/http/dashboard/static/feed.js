// Where news come from: pushed over the WebSocket, or, where there is none, asked for again and again.

import { urlOf } from "./api.js";

/** Milliseconds between questions while nothing is pushed: well within the server's rate limit. */
const BEAT = 3000;
const SYSTEM_EVERY = 3;

const SHORTEST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/** Milliseconds of silence after which a connection counts as lost. */
const SILENCE = 20_000;

/**
 * Keeps the state current, by whatever way there is.
 *
 * Modes: `connecting` at first, `live` while changes are pushed, `polling` where they have to be
 * asked for, `offline` while nobody answers, `signed-out` while a key is missing.
 */
export class Feed extends EventTarget {
  #api;
  #state;
  #socket = null;
  #failures = 0;
  #socketFailures = 0;
  #beats = 0;
  #timer = 0;
  #socketTimer = 0;
  #watchdog = 0;
  #stopped = true;
  #logs = null;

  constructor(api, state) {
    super();
    this.#api = api;
    this.#state = state;
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#state.link.mode === "offline") this.retry();
    });
  }

  start() {
    this.stop();
    this.#stopped = false;
    this.#failures = this.#socketFailures = this.#beats = 0;
    this.#state.setLink({ mode: "connecting" });
    this.#poll();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#socketTimer);
    clearTimeout(this.#watchdog);
    this.#socket?.close();
    this.#socket = null;
  }

  /** Try now what would be tried later. */
  retry() {
    if (this.#stopped || this.isLive) return;
    clearTimeout(this.#timer);
    this.#poll();
  }

  /** Have everything up to date, as after something was done. */
  async refresh() {
    if (!this.isLive) await this.#ask();
  }

  get isLive() {
    return this.#state.link.mode === "live";
  }

  /** Have the output of one process pushed; null ends that. Returns whether it will be. */
  followLogs(id) {
    if (this.#logs !== null && this.#logs !== id) this.#send({ type: "unsubscribe", data: { id: this.#logs } });
    this.#logs = id;
    if (id === null || !this.isLive) return false;
    this.#send({ type: "subscribe", data: { id, lines: 200 } });
    return true;
  }

  async #poll() {
    if (this.#stopped) return;
    const pause = await this.#ask();
    if (this.#stopped || pause === null) return;
    if (this.#socket === null && this.#failures === 0 && !this.#socketTimer) this.#connect();
    if (!this.isLive) this.#timer = setTimeout(() => this.#poll(), pause);
  }

  /** Ask once; returns how long to wait for the next time, null for never. */
  async #ask() {
    try {
      const [processes, system] = await Promise.all([
        this.#api.processes(),
        this.#beats % SYSTEM_EVERY === 0 ? this.#api.system() : null,
      ]);
      this.#beats += 1;
      this.#failures = 0;
      if (this.#stopped) return null;
      this.#state.replace(processes);
      if (system) this.#state.setSystem(system);
      if (!this.isLive) this.#state.setLink({ mode: "polling" });
      return BEAT;
    } catch (error) {
      return this.#stopped ? null : this.#failed(error);
    }
  }

  #failed(error) {
    if (error.needsKey) {
      this.stop();
      this.#state.setLink({ mode: "signed-out" });
      this.dispatchEvent(new Event("signed-out"));
      return null;
    }
    this.#failures += 1;
    const pause = Math.max(pauseAfter(this.#failures), error.retryAfter * 1000);
    const mode = error.isUnreachable || error.status >= 500 ? "offline" : "slowed";
    this.#state.setLink({ mode, reason: error.message, retryAt: Date.now() + pause });
    return pause;
  }

  #connect() {
    const url = urlOf("ws");
    url.protocol = url.protocol.replace("http", "ws");
    const socket = (this.#socket = new WebSocket(url));
    socket.onopen = () => {
      if (this.#api.key !== null) this.#send({ type: "auth", data: { key: this.#api.key } });
    };
    socket.onmessage = (message) => this.#heard(message.data);
    socket.onclose = () => this.#lost(socket);
  }

  #lost(socket) {
    if (this.#stopped || this.#socket !== socket) return;
    const wasLive = this.isLive;
    this.#socket = null;
    clearTimeout(this.#watchdog);
    this.#socketFailures = wasLive ? 1 : this.#socketFailures + 1;
    clearTimeout(this.#socketTimer);
    this.#socketTimer = setTimeout(() => {
      this.#socketTimer = 0;
      if (!this.#stopped && this.#failures === 0) this.#connect();
    }, pauseAfter(this.#socketFailures));
    if (wasLive) {
      this.#state.setLink({ mode: "reconnecting" });
      clearTimeout(this.#timer);
      this.#poll();
    }
  }

  #heard(text) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#socket?.close(), SILENCE);
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    this.#apply(frame);
  }

  #apply({ type, timestamp, data }) {
    const state = this.#state;
    if (type === "process_list") {
      clearTimeout(this.#timer);
      this.#socketFailures = 0;
      state.replace(data);
      if (!this.isLive) {
        state.setLink({ mode: "live" });
        if (this.#logs !== null) this.followLogs(this.#logs);
        if (state.system === null) this.#api.system().then((view) => state.setSystem(view), () => {});
      }
    } else if (type === "process_status") state.update(data);
    else if (type === "process_metrics") for (const one of data) state.update(one, { isSample: true });
    else if (type === "system_metrics") state.setSystem(data);
    else if (type === "health_update") state.update(data);
    else if (type === "process_event") state.addEvent({ timestamp, ...data });
    else if (type === "log_message") this.dispatchEvent(new CustomEvent("log", { detail: data }));
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

/** Wait longer each time, and not all at the same moment. */
function pauseAfter(failures) {
  return Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** (failures - 1)) * (0.8 + 0.4 * Math.random());
}
