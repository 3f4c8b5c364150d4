// Where news come from: pushed over the WebSocket, or, where there is none, asked for again and again.

import { urlOf } from "./api.js";

/** Milliseconds between questions while nothing is pushed: well within the server's rate limit. */
const BEAT = 3000;
const SYSTEM_EVERY = 3;

const SHORTEST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/** Milliseconds of silence on a connection after which it is asked about. */
const SILENCE = 15_000;

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
	#followed = null;

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

	/** Have the output of a process pushed, from its latest lines on; null ends it. */
	followLogs(address, lines) {
		if (this.#followed !== null) this.#send("unsubscribe", { processes: [this.#followed] });
		this.#followed = address;
		if (address !== null) this.#send("subscribe", { processes: [address], lines });
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
		const socket = (this.#socket = new WebSocket(url, protocolsFor(this.#api.key)));
		socket.onopen = () => this.#watch();
		socket.onmessage = ({ data }) => {
			this.#watch();
			this.#heard(JSON.parse(data));
		};
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
			this.dispatchEvent(new Event("lost"));
			this.retry();
		}
	}

	/** Where nothing has come for long, ask whether somebody is there; and give up after as long again. */
	#watch() {
		clearTimeout(this.#watchdog);
		this.#watchdog = setTimeout(() => {
			this.#send("ping");
			this.#watchdog = setTimeout(() => this.#socket?.close(), SILENCE);
		}, SILENCE);
	}

	#heard({ type, timestamp, data }) {
		const state = this.#state;
		if (type === "process_list") this.#begin(data);
		else if (type === "process_status") data.status === "deleted" ? state.remove(data.id) : state.update(data);
		else if (type === "process_metrics") state.sample(data.processes);
		else if (type === "system_metrics") state.setSystem(data);
		else if (type === "health_update") state.update({ id: data.id, health_status: data.status });
		else if (type === "process_event") state.addEvent(data);
		else if (type === "log_message") this.dispatchEvent(new CustomEvent("log", { detail: { ...data, timestamp, type: data.stream === "stderr" ? "error" : "out" } }));
		else if (type === "gap") this.dispatchEvent(new CustomEvent("log", { detail: { ...data, isGap: true } }));
	}

	/** Take the whole list, which comes first, and again when too much was missed. */
	#begin(processes) {
		this.#state.replace(processes);
		if (this.isLive) return;
		clearTimeout(this.#timer);
		this.#socketFailures = 0;
		this.#state.setLink({ mode: "live" });
		this.dispatchEvent(new Event("live"));
	}

	#send(type, data) {
		if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type, data }));
	}
}

/** A page can set no headers on a WebSocket, so the key goes among the subprotocols. */
function protocolsFor(key) {
	if (key === null) return [];
	const encoded = btoa(key).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
	return ["pmdaemon", `pmdaemon.key.${encoded}`];
}

/** Wait longer each time, and not all at the same moment. */
function pauseAfter(failures) {
	return Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** (failures - 1)) * (0.8 + 0.4 * Math.random());
}
