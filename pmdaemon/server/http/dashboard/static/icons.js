// Small pictures, drawn with the colour of the text around them.

import { s } from "./dom.js";

const PATHS = {
	start: "M5 3.5v9l7.5-4.5z",
	stop: "M4 4h8v8H4z",
	restart: "M12.6 6A5 5 0 1 0 13 8M13 3v3.3H9.7",
	reload: "M3 8a5 5 0 0 1 8.5-3.5L13 6M13 3v3h-3M13 8a5 5 0 0 1-8.5 3.5L3 10M3 13v-3h3",
	scale: "M3 13V9h3v4zM6.5 13V6h3v7zM10 13V3h3v10z",
	delete: "M3 4.5h10M6.5 4V2.8h3V4M4.5 4.5l.6 8.7h5.8l.6-8.7M7 7v4M9 7v4",
	close: "M4 4l8 8M12 4l-8 8",
	search: "M7 11.5A4.5 4.5 0 1 0 7 2.5a4.5 4.5 0 0 0 0 9zM10.5 10.5L14 14",
	theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
	key: "M10 9.5a3.5 3.5 0 1 0-3.3-2.3L2.5 11.4V13.5H5V12h1.5v-1.5l.9-.9",
	out: "M6.5 3H3v10h3.5M7 8h6.5M11 5.5L13.5 8 11 10.5",
	down: "M8 3v9.5M4 9l4 4 4-4",
	wrap: "M2.5 4h11M2.5 8h9a2.2 2.2 0 0 1 0 4.4H8M9.5 10.5L7.6 12.4l1.9 1.9",
	online: "M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
	stopped: "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
	errored: "M8 2.5l6 10.5H2zM8 6.5v3M8 11.2v.3",
	restarting: "M12.2 6.5A4.4 4.4 0 1 0 12.4 9M12.6 3.6v3h-3",
	healthy: "M8 13S2.5 9.8 2.5 6.1A2.9 2.9 0 0 1 8 4.8a2.9 2.9 0 0 1 5.5 1.3C13.5 9.8 8 13 8 13z",
	unhealthy: "M8 13S2.5 9.8 2.5 6.1A2.9 2.9 0 0 1 8 4.8a2.9 2.9 0 0 1 5.5 1.3C13.5 9.8 8 13 8 13zM8.5 5L7 7.5l2 1L7.5 11",
};
PATHS.starting = PATHS.stopping = PATHS.restarting;

const FILLED = new Set(["start", "stop", "online", "healthy"]);

/** Draw a picture by name; it says nothing to a screen reader, the words beside it do. */
export function icon(name) {
	return s(
		"svg",
		{ class: `icon ${FILLED.has(name) ? "filled" : ""} icon-${name}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
		s("path", { d: PATHS[name] ?? PATHS.stopped }),
	);
}
