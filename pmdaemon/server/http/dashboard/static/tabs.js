// Tabs as the ARIA practices describe them: arrows move, the one that is chosen is in the tab order.

import { h, setAttribute } from "./dom.js";

/** Make tabs from `[{ key, title, panel }]`; `chosen` is told of each choice. */
export function tabs(entries, label, chosen) {
	const list = h("div", { role: "tablist", "aria-label": label });
	const buttons = entries.map(({ key, title, panel }) => {
		const button = h(
			"button",
			{ role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}`, onclick: () => choose(key) },
			title,
		);
		for (const [name, value] of Object.entries({ role: "tabpanel", id: `panel-${key}`, "aria-labelledby": `tab-${key}` })) setAttribute(panel, name, value);
		return button;
	});
	list.append(...buttons);
	list.addEventListener("keydown", (event) => {
		const now = buttons.indexOf(document.activeElement);
		const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: buttons.length - 1 }[event.key];
		if (now < 0 || next === undefined) return;
		event.preventDefault();
		const index = (next + buttons.length) % buttons.length;
		buttons[index].focus();
		choose(entries[index].key);
	});

	function choose(key) {
		entries.forEach((entry, index) => {
			const isChosen = entry.key === key;
			setAttribute(buttons[index], "aria-selected", String(isChosen));
			setAttribute(buttons[index], "tabindex", isChosen ? 0 : -1);
			entry.panel.hidden = !isChosen;
		});
		chosen(key);
	}

	return { list, choose };
}
