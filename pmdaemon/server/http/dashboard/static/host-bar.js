// The machine in four figures.

import { curveView } from "./curve-view.js";
import { h, setAttribute, setText } from "./dom.js";
import { bytes, duration, percent, plural, seconds } from "./format.js";

export class HostBar extends HTMLElement {
	#cpu = curveView({ kind: "cpu", label: "CPU of the machine", format: percent, floor: 100 });
	#tiles = {};

	connectedCallback() {
		if (this.firstChild) return;
		for (const [key, title] of [["cpu", "CPU"], ["memory", "Memory"], ["disk", "Disk"], ["load", "Load"]]) {
			const tile = { value: h("strong"), detail: h("span.detail"), meter: h("span.meter", { "aria-hidden": "true" }, h("span")) };
			this.#tiles[key] = tile;
			const graph = { cpu: this.#cpu, memory: tile.meter, disk: tile.meter }[key] ?? null;
			this.append(h("div", { class: `tile tile-${key}` }, h("span.title", title), tile.value, tile.detail, graph));
		}
	}

	show(state) {
		const { system } = state;
		this.hidden = system === null;
		if (system === null) return;
		const { cpu, load } = this.#tiles;
		setText(cpu.value, percent(system.cpu.usage));
		setText(cpu.detail, plural(system.cpu.cores, "core"));
		this.#cpu.show(state.hostCpu);
		this.#showUsage(this.#tiles.memory, system.memory);
		this.#showUsage(this.#tiles.disk, system.disk);
		setText(load.value, Number(system.cpu.load_average[0]).toFixed(2));
		setText(load.detail, `${system.cpu.load_average.slice(1).map((one) => Number(one).toFixed(2)).join(" · ")} · up ${duration(seconds(system.uptime))}`);
	}

	#showUsage({ value, detail, meter }, usage) {
		setText(value, percent(usage.usage_percent));
		setText(detail, `${bytes(usage.used)} of ${bytes(usage.total)}`);
		meter.firstChild.style.inlineSize = `${Math.min(100, usage.usage_percent)}%`;
		setAttribute(meter, "data-high", usage.usage_percent >= 90);
	}
}

customElements.define("pm-host", HostBar);
