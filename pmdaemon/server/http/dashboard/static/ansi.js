// Terminal colours in log lines, as classes; whatever else a terminal would obey is left out.

import { visible } from "./format.js";

/** Characters of a line that are shown; one can be as long as 64 KiB. */
const LONGEST = 8192;

/** Stretches of one style in a line; beyond, a line keeps its last style. */
const MOST_STRETCHES = 200;

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
const STYLES = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
const ENDS = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"] };

// Sequences of ECMA-48: CSI … final byte; strings (titles, links) up to their end; other escapes.
const SEQUENCE = /\u001b\[([ -?]*)([@-~]?)|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?/g;

/** Take a line apart into `{text, classes}`; joined, the texts are what is to be read. */
export function stretches(line) {
	// What a progress bar wrote over is not there any more.
	const written = line.replace(/\r+$/, "");
	const kept = written.slice(written.lastIndexOf("\r") + 1);
	const cut = kept.length > LONGEST ? kept.slice(0, LONGEST) : kept;
	const found = [];
	const style = { flags: new Set(), fg: null, bg: null };
	let place = 0;
	for (const match of cut.matchAll(SEQUENCE)) {
		add(found, cut.slice(place, match.index), style);
		place = match.index + match[0].length;
		if (match[2] === "m" && /^[\d;:]*$/.test(match[1]) && found.length < MOST_STRETCHES) apply(style, match[1]);
	}
	add(found, cut.slice(place), style);
	if (kept.length > cut.length) found.push({ text: ` … ${kept.length - cut.length} more characters`, classes: "dim" });
	return found;
}

function add(found, raw, style) {
	if (raw === "") return;
	const text = visible(raw);
	const classes = [...style.flags, style.fg && `fg-${style.fg}`, style.bg && `bg-${style.bg}`].filter(Boolean).join(" ");
	const last = found.at(-1);
	if (last?.classes === classes) last.text += text;
	else found.push({ text, classes });
}

function apply(style, parameters) {
	const codes = parameters.split(/[;:]/).map(Number);
	for (let index = 0; index < codes.length; index += 1) {
		const code = codes[index];
		if (code === 0) Object.assign(style, { flags: new Set(), fg: null, bg: null });
		else if (STYLES[code]) style.flags.add(STYLES[code]);
		else if (ENDS[code]) ENDS[code].forEach((flag) => style.flags.delete(flag));
		else if (code === 38 || code === 48) {
			const [colour, used] = extended(codes.slice(index + 1));
			style[code === 38 ? "fg" : "bg"] = colour;
			index += used;
		} else if (code === 39) style.fg = null;
		else if (code === 49) style.bg = null;
		else if (code >= 30 && code <= 37) style.fg = COLOURS[code - 30];
		else if (code >= 90 && code <= 97) style.fg = bright(code - 90);
		else if (code >= 40 && code <= 47) style.bg = COLOURS[code - 40];
		else if (code >= 100 && code <= 107) style.bg = COLOURS[code - 100];
	}
}

/** On paper as on black one shade of each colour is legible, so bright ones are the same; but for black. */
function bright(number) {
	return number === 0 ? "grey" : COLOURS[number];
}

/** Read a colour of 256, or of 16 million, as the nearest that both themes can show legibly. */
function extended([kind, ...values]) {
	if (kind === 2) return [nearest(values[0], values[1], values[2]), 4];
	if (kind !== 5) return [null, 1];
	const number = values[0];
	if (number < 16) return [number > 7 ? bright(number - 8) : COLOURS[number], 2];
	if (number > 231) return [nearest(...Array(3).fill((number - 232) * 10 + 8)), 2];
	const level = (digit) => (digit === 0 ? 0 : digit * 40 + 55);
	const cube = number - 16;
	return [nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)), 2];
}

function nearest(red = 0, green = 0, blue = 0) {
	const highest = Math.max(red, green, blue);
	if (highest - Math.min(red, green, blue) < 40) return highest > 170 ? "white" : highest > 70 ? "grey" : "black";
	const half = highest / 2;
	const bits = (red > half ? 1 : 0) + (green > half ? 2 : 0) + (blue > half ? 4 : 0);
	return COLOURS[bits];
}
