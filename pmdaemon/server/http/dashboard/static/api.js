// The PMDaemon API over HTTP, with the key of this tab.

const KEY = "pmdaemon.key";

/** An answer that is not a success; `status` is 0 when none came. */
export class ApiError extends Error {
	constructor(message, { status = 0, code = "UNREACHABLE", retryAfter = 0 } = {}) {
		super(message);
		Object.assign(this, { status, code, retryAfter });
	}

	get isUnreachable() {
		return this.status === 0;
	}

	get needsKey() {
		return this.status === 401;
	}
}

/** Say how a process is addressed: by its id, where no app has taken that for its name. */
export function addressOf(process, processes) {
	const id = String(process.id);
	return processes.some((other) => other.name === id && other.id !== process.id) ? process.name : id;
}

/** Say where the API is: beside the page, also where a proxy has put both under a folder. */
export function urlOf(path) {
	return new URL(path, document.baseURI);
}

export class Api {
	get key() {
		return sessionStorage.getItem(KEY);
	}

	/** Keep a key until the tab is closed; null forgets it. */
	set key(value) {
		if (value === null) sessionStorage.removeItem(KEY);
		else sessionStorage.setItem(KEY, value);
	}

	processes() {
		return this.#ask("GET", "api/processes");
	}

	process(address) {
		return this.#ask("GET", `api/processes/${encodeURIComponent(address)}`);
	}

	logs(address, lines) {
		return this.#ask("GET", `api/processes/${encodeURIComponent(address)}/logs?lines=${lines}`);
	}

	system() {
		return this.#ask("GET", "api/system");
	}

	/** Have something done: start, stop, restart, reload, scale. */
	act(address, verb, body) {
		return this.#ask("POST", `api/processes/${encodeURIComponent(address)}/${verb}`, body);
	}

	delete(address) {
		return this.#ask("DELETE", `api/processes/${encodeURIComponent(address)}`);
	}

	async #ask(method, path, body) {
		const headers = { Accept: "application/json" };
		if (this.key !== null) headers["X-API-Key"] = this.key;
		if (body !== undefined) headers["Content-Type"] = "application/json";
		let response;
		try {
			response = await fetch(urlOf(path), {
				method,
				headers,
				body: body === undefined ? undefined : JSON.stringify(body),
				cache: "no-store",
				credentials: "same-origin",
				redirect: "error",
			});
		} catch {
			throw new ApiError("The daemon does not answer.");
		}
		const answer = await response.json().catch(() => null);
		if (response.ok && answer !== null) return answer;
		throw new ApiError(sentence(answer?.error?.message ?? `The server answered with status ${response.status}.`), {
			status: response.status,
			code: answer?.error?.code ?? `HTTP_${response.status}`,
			retryAfter: Number(response.headers.get("Retry-After")) || 0,
		});
	}
}

function sentence(text) {
	const trimmed = String(text).trim();
	const ended = /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
	return ended.charAt(0).toUpperCase() + ended.slice(1);
}
