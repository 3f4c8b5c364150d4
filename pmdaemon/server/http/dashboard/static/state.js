// What is known of the processes and the machine, and how that came to be over the last minutes.

import { seconds } from "./format.js";

/** Milliseconds that curves go back. */
export const SPAN = 10 * 60_000;

const MOST_POINTS = 400;
const MOST_EVENTS = 200;

/** Readings of one value, oldest first. */
export class Curve {
	times = [];
	values = [];

	add(time, value) {
		this.times.push(time);
		this.values.push(Number(value) || 0);
		while (this.times.length > MOST_POINTS || this.times[0] < time - SPAN) {
			this.times.shift();
			this.values.shift();
		}
	}

	get last() {
		return this.values.at(-1) ?? 0;
	}

	/** The largest reading since a time. */
	highest(since = 0) {
		let highest = 0;
		for (let index = this.times.length - 1; index >= 0 && this.times[index] >= since; index -= 1) {
			highest = Math.max(highest, this.values[index]);
		}
		return highest;
	}
}

/** A process as last heard of, with its curves. */
export class Process {
	cpu = new Curve();
	memory = new Curve();

	constructor(view) {
		this.update(view, Date.now(), true);
	}

	update(view, time, isSample) {
		const restarted = this.pid !== undefined && view.pid !== undefined && view.pid !== this.pid;
		Object.assign(this, view);
		if (view.uptime !== undefined || restarted) {
			this.uptimeSeconds = seconds(view.uptime);
			this.seenAt = time;
		}
		if (isSample) {
			this.cpu.add(time, this.cpu_usage);
			this.memory.add(time, this.memory_usage);
		}
	}

	get isUp() {
		return this.status === "online" || this.status === "starting";
	}

	/** Seconds it has been up, counted on since it was last heard of. */
	get uptimeNow() {
		return this.status === "online" ? this.uptimeSeconds + (Date.now() - this.seenAt) / 1000 : 0;
	}
}

/** Everything; tells by `change` events that it is not as it was. */
export class State extends EventTarget {
	processes = new Map();
	system = null;
	hostCpu = new Curve();
	hostMemory = new Curve();
	events = [];
	isKnown = false;
	link = { mode: "connecting" };
	pending = new Set();

	get list() {
		return [...this.processes.values()];
	}

	/** How many instances an app has. */
	instancesOf(process) {
		return this.list.filter((other) => other.name === process.name);
	}

	/** Take a whole list: what is not in it is gone. */
	replace(views) {
		const time = Date.now();
		const before = this.processes;
		this.processes = new Map();
		for (const view of views) {
			const known = before.get(view.id);
			if (known) known.update(view, time, true);
			this.processes.set(view.id, known ?? new Process(view));
		}
		this.isKnown = true;
		this.changed();
	}

	/** Take news of one process; an unknown one is new. */
	update(view) {
		const known = this.processes.get(view.id);
		if (known) known.update(view, Date.now(), false);
		else if (view.name !== undefined) this.processes.set(view.id, new Process(view));
		this.changed();
	}

	/** Take readings of what is up; what is not uses nothing. */
	sample(readings) {
		const time = Date.now();
		const known = new Map(readings.map((one) => [one.id, one]));
		for (const process of this.processes.values()) {
			const { cpu = 0, memory = 0, uptime = 0, restarts = process.restarts } = known.get(process.id) ?? {};
			process.update({ cpu_usage: cpu, memory_usage: memory, uptime: `${Math.floor(uptime / 1000)}s`, restarts }, time, true);
		}
		this.changed();
	}

	remove(id) {
		if (this.processes.delete(id)) this.changed();
	}

	setSystem(view) {
		this.system = view;
		this.hostCpu.add(Date.now(), view.cpu?.usage);
		this.hostMemory.add(Date.now(), view.memory?.used);
		this.changed();
	}

	addEvent(event) {
		this.events.push(event);
		if (this.events.length > MOST_EVENTS) this.events.shift();
		this.changed();
	}

	setLink(link) {
		this.link = link;
		this.changed();
	}

	/** Mark what is being done to a process until its answer comes. */
	async whilePending(id, promise) {
		this.pending.add(id);
		this.changed();
		try {
			return await promise;
		} finally {
			this.pending.delete(id);
			this.changed();
		}
	}

	changed() {
		this.dispatchEvent(new Event("change"));
	}
}
