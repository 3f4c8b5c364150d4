// The API of projects and deployments over HTTP, with the session of this tab.

import { visible } from "./format.js";

const SESSION = "pmdaemon.session";

/** An answer that is not a success; `status` is 0 when none came. */
export class ApiError extends Error {
	constructor(message, status = 0) {
		super(message);
		this.status = status;
	}
}

/** Fires `signed-out` when the session is not good any more. */
export class Client extends EventTarget {
	get token() {
		return sessionStorage.getItem(SESSION);
	}

	/** Keep a session until the tab is closed; null forgets it. */
	set token(value) {
		if (value === null) sessionStorage.removeItem(SESSION);
		else sessionStorage.setItem(SESSION, value);
	}

	async enter(verb, body) {
		const { token, user } = await this.ask("POST", `auth/${verb}`, body);
		this.token = token;
		return user;
	}

	/** Ask, and return the answer. */
	async ask(method, path, body) {
		const response = await this.#fetch(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
		const answer = await response.json().catch(() => null);
		if (response.ok && answer !== null) return answer;
		throw this.#refused(response.status, answer);
	}

	/** Ask for a list, and return what is in it. */
	async list(path) {
		return (await this.ask("GET", path)).data;
	}

	/** Give the lines of a deployment's log as they are written, until it has ended. */
	async *lines(id, signal) {
		let since = 0;
		for (;;) {
			const response = await this.#fetch(`logs/${encodeURIComponent(id)}/events`, { signal, headers: { "Last-Event-ID": String(since) } });
			if (response.status === 204) return;
			if (!response.ok) throw this.#refused(response.status, await response.json().catch(() => null));
			for await (const { event, data, id: number } of eventsOf(response.body)) {
				if (event === "end") return;
				since = Number(number) || since;
				if (data) yield JSON.parse(data);
			}
			await new Promise((resolve) => setTimeout(resolve, 1000));
		}
	}

	async #fetch(path, options) {
		const headers = { Accept: "application/json", ...options.headers };
		if (this.token !== null) headers.Authorization = `Bearer ${this.token}`;
		if (options.body !== undefined) headers["Content-Type"] = "application/json";
		try {
			const url = new URL(`api/v1/${path}`, document.baseURI);
			return await fetch(url, { cache: "no-store", credentials: "same-origin", redirect: "error", ...options, headers });
		} catch (error) {
			throw error.name === "AbortError" ? error : new ApiError("The daemon does not answer.");
		}
	}

	#refused(status, answer) {
		if (status === 401 && this.token !== null) {
			this.token = null;
			this.dispatchEvent(new Event("signed-out"));
		}
		return new ApiError(sentence(answer?.error ?? `The server answered with status ${status}.`), status);
	}
}

/** Read server-sent events (HTML Standard, 9.2). */
async function* eventsOf(body) {
	const reader = body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { done, value } = await reader.read();
		if (done) return;
		const parts = (rest + value).split("\n\n");
		rest = parts.pop();
		for (const part of parts) {
			const found = {};
			for (const line of part.split("\n")) {
				const [, name, text] = line.match(/^(\w+): ?(.*)$/) ?? [];
				if (name) found[name] = text;
			}
			yield found;
		}
	}
}

function sentence(text) {
	const trimmed = visible(text).trim();
	const ended = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
	return ended.charAt(0).toUpperCase() + ended.slice(1);
}
