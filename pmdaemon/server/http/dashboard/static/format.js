// How values are written for people.

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];
const SECONDS = { d: 86400, h: 3600, m: 60, s: 1 };

// Letters that turn text around, or are not to be seen, could make one name look like another.
const DECEPTIVE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Write bytes: 47448064 is "45.3 MB". */
export function bytes(count) {
	let value = Math.max(0, Number(count) || 0);
	let unit = 0;
	while (value >= 999.5 && unit < UNITS.length - 1) {
		value /= 1024;
		unit += 1;
	}
	return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Write a share: 2.54 is "2.5 %". */
export function percent(value) {
	const number = Number(value) || 0;
	return `${number >= 99.95 ? Math.round(number) : number.toFixed(1)} %`;
}

/** Read "2h 15m 30s" as seconds. */
export function seconds(text) {
	let sum = 0;
	for (const [, amount, unit] of String(text ?? "").matchAll(/(\d+)\s*([dhms])/g)) sum += amount * SECONDS[unit];
	return sum;
}

/** Write seconds by their two largest units: "2h 15m". */
export function duration(total) {
	let rest = Math.max(0, Math.floor(total));
	const parts = [];
	for (const [unit, size] of Object.entries(SECONDS)) {
		const amount = Math.floor(rest / size);
		rest -= amount * size;
		if (amount > 0 || parts.length > 0 || unit === "s") parts.push(`${amount}${unit}`);
	}
	return parts.slice(0, 2).join(" ");
}

/** Write a moment as a clock shows it, with the day where it is not today's. */
export function moment(iso) {
	const time = new Date(iso);
	if (Number.isNaN(time.getTime())) return "";
	const clock = time.toLocaleTimeString([], { hourCycle: "h23" });
	return time.toDateString() === new Date().toDateString() ? clock : `${time.toLocaleDateString()} ${clock}`;
}

/** Write text from outside so that all of it can be seen, and reads in its own order. */
export function visible(text) {
	return String(text ?? "").replace(DECEPTIVE, (letter) => {
		const code = letter.codePointAt(0);
		return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `‹U+${code.toString(16).toUpperCase().padStart(4, "0")}›`;
	});
}

/** Write `count` things: "1 process", "3 processes". */
export function plural(count, one, many = `${one}s`) {
	return `${count} ${count === 1 ? one : many}`;
}
