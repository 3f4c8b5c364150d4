// A curve of the last minutes: small in a row, large with scales and a reading under the pointer.

import { h, s, setAttribute, setText } from "./dom.js";
import { duration } from "./format.js";
import { SPAN } from "./state.js";

const WIDTH = 100;
const HEIGHT = 28;

/** Milliseconds that a curve goes back: at most, and at least, where there is less to show. */
const SMALL = { most: 3 * 60_000, least: 12_000 };
const LARGE = { most: SPAN, least: 60_000 };

/** Round up to a number that reads well on a scale. */
function niceTop(value) {
	const power = 10 ** Math.floor(Math.log10(value));
	return power * [1, 1.5, 2, 3, 5, 7.5, 10].find((step) => step * power >= value);
}

/** `<pm-curve>`: set `format`, `floor` (the least that its top stands for) and call `show(curve)`. */
export class CurveView extends HTMLElement {
	format = String;
	floor = 1;
	label = "";
	#area = s("path", { class: "area" });
	#line = s("path", { class: "line", "vector-effect": "non-scaling-stroke" });
	#svg = s(
		"svg",
		{ viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
		this.#area,
		this.#line,
	);
	#top = null;
	#from = null;
	#reading = null;
	#marker = null;
	#shown = null;
	#span = SPAN;

	connectedCallback() {
		if (this.firstChild) return;
		this.setAttribute("role", "img");
		this.append(this.#svg);
		if (this.isLarge) this.#addScales();
	}

	get isLarge() {
		return this.hasAttribute("large");
	}

	#spanFor(curve, now) {
		const { most, least } = this.isLarge ? LARGE : SMALL;
		return Math.min(most, Math.max(least, now - (curve.times[0] ?? now)));
	}

	show(curve) {
		this.#shown = curve;
		const now = curve.times.at(-1) ?? Date.now();
		this.#span = this.#spanFor(curve, now);
		const start = now - this.#span;
		const highest = curve.highest(start);
		const top = niceTop(Math.max(this.floor, highest * 1.1));
		const points = [];
		curve.times.forEach((time, index) => {
			if (time >= start) points.push([this.#x(time, start), HEIGHT - 1 - (curve.values[index] / top) * (HEIGHT - 2)]);
		});
		// One reading is a level, not a point nobody sees.
		if (points.length === 1) points.unshift([WIDTH - 4, points[0][1]]);
		const line = points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
		setAttribute(this.#line, "d", line || null);
		setAttribute(this.#area, "d", line ? `${line}V${HEIGHT}H${points[0][0].toFixed(1)}Z` : null);
		setAttribute(this, "aria-label", `${this.label} ${this.format(curve.last)}, at most ${this.format(highest)} lately`);
		if (!this.#top) return;
		setText(this.#top, this.format(top));
		setText(this.#from, `${duration(this.#span / 1000)} ago`);
	}

	#x(time, start) {
		return ((time - start) / this.#span) * WIDTH;
	}

	#addScales() {
		this.#top = h("span.scale.most", { "aria-hidden": "true" });
		this.#from = h("span.scale", { "aria-hidden": "true" });
		this.#reading = h("span.reading", { hidden: true, "aria-hidden": "true" });
		this.#marker = h("span.marker", { hidden: true, "aria-hidden": "true" });
		this.append(
			this.#top,
			this.#from,
			h("span.scale.to", { "aria-hidden": "true" }, "now"),
			this.#marker,
			this.#reading,
		);
		this.addEventListener("pointermove", (event) => this.#read(event));
		this.addEventListener("pointerleave", () => (this.#reading.hidden = this.#marker.hidden = true));
	}

	/** Say what was read at the moment under the pointer. */
	#read(event) {
		const curve = this.#shown;
		if (!curve?.times.length) return;
		const box = this.getBoundingClientRect();
		const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
		const end = curve.times.at(-1);
		const wanted = end - this.#span * (1 - share);
		const index = curve.times.reduce(
			(best, time, candidate) => (Math.abs(time - wanted) < Math.abs(curve.times[best] - wanted) ? candidate : best),
			0,
		);
		const at = new Date(curve.times[index]).toLocaleTimeString([], { hourCycle: "h23" });
		setText(this.#reading, `${this.format(curve.values[index])} at ${at}`);
		this.#reading.hidden = this.#marker.hidden = false;
		this.#marker.style.insetInlineStart = `${Math.max(0, this.#x(curve.times[index], end - this.#span))}%`;
	}
}

customElements.define("pm-curve", CurveView);

/** Make a curve: `kind` colours it. */
export function curveView({ kind, label, format, floor, large = false }) {
	const view = h("pm-curve", { class: kind, large });
	return Object.assign(view, { label, format, floor });
}
