// What a process was declared as, and what has happened to it, as lists of names and values.

import { h } from "./dom.js";
import { bytes, moment, visible } from "./format.js";
import { icon } from "./icons.js";

const TITLES = {
	args: "Arguments",
	cwd: "Folder",
	env: null,
	max_memory_restart: "Memory limit",
	port: "Port",
	script: null,
};

const TONES = { started: "good", healthy: "good", restarted: "busy" };
const ICONS = { good: "online", bad: "errored", busy: "restarting", idle: "stopped" };

const IN_BYTES = new Set(["max_memory_restart"]);
const IN_MILLISECONDS = new Set(["min_uptime", "restart_delay", "kill_timeout"]);

/** List how a process was declared. */
export function configuration(detail) {
	const { config, health_check: health, logs } = detail;
	const command = [config.script, ...(config.args ?? [])].map((word) => quoted(visible(word))).join(" ");
	const rows = [["Command", h("code", command)]];
	for (const [key, value] of Object.entries(config)) {
		if (TITLES[key] !== null && key !== "args" && isSaid(value)) rows.push([TITLES[key] ?? titled(key), worded(key, value)]);
	}
	if (health?.enabled) {
		for (const [key, value] of Object.entries(health)) if (key !== "enabled" && isSaid(value)) rows.push([`Health: ${titled(key).toLowerCase()}`, worded(key, value)]);
	} else rows.push(["Health check", "none"]);
	for (const [key, value] of Object.entries(detail.telemetry?.memory ?? {})) if (value) rows.push([`Reports: ${visible(key)}`, bytes(value)]);
	for (const [key, value] of Object.entries(logs ?? {})) rows.push([key === "out_file" ? "Output" : "Errors", h("code", visible(value))]);
	return h("dl.facts", rows.map(([name, value]) => h("div", h("dt", name), h("dd", value))));
}

/** List the environment; values are shown when they are asked for. */
export function environment(config, isOpen, onToggle) {
	const names = Object.keys(config.env ?? {}).sort();
	if (names.length === 0) return h("p.empty", "Nothing was declared for its environment.");
	const toggle = h("button", { "aria-pressed": String(isOpen), onclick: onToggle }, "Show values");
	const row = (name) => h("div", h("dt", h("code", visible(name))), isOpen ? h("dd", h("code", visible(config.env[name]))) : null);
	return h("div", h("div.tools", toggle, h("span.count", "Secrets stay hidden.")), h("dl.facts", names.map(row)));
}

/** List what has happened, the latest first. */
export function history(events) {
	if (events.length === 0) return h("p.empty", "Nothing has happened since the daemon was started.");
	const item = (event) =>
		h("li", { class: `tone-${toneOf(event)}` }, icon(ICONS[toneOf(event)]), h("time", { datetime: event.time }, moment(event.time)), h("span", told(event)));
	return h("ol.history", [...events].reverse().map(item));
}

/** Say in one sentence why a process is not up, or came to be started again; null for nothing to say. */
export function reasonOf(detail) {
	const ended = exitInWords(detail.last_exit);
	if (detail.status === "errored") return `Given up: ${visible(detail.reason ?? "it could not be kept up")}.`;
	if (detail.status === "restarting") return `Ended${ended ? ` with ${ended}` : ""}${detail.reason ? `: ${visible(detail.reason)}` : ""}, and is about to be started again.`;
	if (!ended) return null;
	const cause = detail.last_cause ? ` (${visible(detail.last_cause)})` : "";
	return `${detail.status === "stopped" ? "Ended" : "Its last run ended"} with ${ended}${cause}.`;
}

function exitInWords(exit) {
	if (!exit) return "";
	if (exit.code !== null && exit.code !== undefined) return `exit code ${exit.code}`;
	return exit.signal ? `signal ${exit.signal}` : "an unknown status";
}

function toneOf({ event }) {
	return /crash|errored|exceeded|failed|unhealthy/.test(event) ? "bad" : (TONES[event] ?? "idle");
}

/** Tell an event in words: "Crashed with exit code 1 (ended by itself), pid 4711". */
function told({ event, details = {}, restarts }) {
	const words = [titled(event)];
	if (details.exit) words.push(` with ${exitInWords(details.exit)}`);
	if (event === "restarted") words.push(` (${restarts} so far)`);
	if (details.reason ?? details.cause) words.push(`: ${visible(details.reason ?? details.cause)}`);
	if (details.pid) words.push(`, pid ${details.pid}`);
	return words.join("");
}

function isSaid(value) {
	return value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);
}

function worded(key, value) {
	if (IN_BYTES.has(key)) return bytes(value);
	if (IN_MILLISECONDS.has(key)) return `${value / 1000} s`;
	if (typeof value === "boolean") return value ? "yes" : "no";
	if (typeof value === "object") return h("code", Array.isArray(value) ? value.map((one) => quoted(visible(one))).join(" ") : visible(JSON.stringify(value)));
	return visible(value);
}

function titled(key) {
	const words = visible(key).replaceAll("_", " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
}

function quoted(word) {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
