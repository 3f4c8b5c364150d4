// Elements from values. Text is only ever set as text, so nothing from outside becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `h("button.primary", { onclick: act }, "Go")`; attributes may be left out. */
export function h(selector, ...rest) {
	const [tag, ...classes] = selector.split(".");
	const element = document.createElement(tag);
	if (classes.length) element.className = classes.join(" ");
	// Without this a button submits the form that it happens to stand in.
	if (tag === "button") element.type = "button";
	const properties = rest[0]?.constructor === Object ? rest.shift() : {};
	return fill(element, properties, rest);
}

/** Make an element of a picture. */
export function s(tag, properties = {}, ...children) {
	return fill(document.createElementNS(SVG, tag), properties, children);
}

/** Change a text, if it is another: an unchanged page is not laid out anew. */
export function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** Set an attribute, or remove it when the value is null or false. */
export function setAttribute(element, name, value) {
	if (value === null || value === undefined || value === false) element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, String(value));
}

/** Call a control that shows no words something, for those who see it and those who do not. */
export function call(element, words) {
	setAttribute(element, "aria-label", words);
	setAttribute(element, "title", words);
}

/** Run `draw` with the next picture, once, however often it is asked for until then. */
export function onceAFrame(draw) {
	let due = false;
	return () => {
		if (due) return;
		due = true;
		// A tab in the background draws nothing, and is to be right when one comes back to it.
		const later = document.hidden ? (run) => setTimeout(run, 500) : requestAnimationFrame;
		later(() => {
			due = false;
			draw();
		});
	};
}

function fill(element, properties, children) {
	for (const [name, value] of Object.entries(properties)) {
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else setAttribute(element, name, value);
	}
	element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}
