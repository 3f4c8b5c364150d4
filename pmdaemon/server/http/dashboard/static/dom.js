// Elements from values. Text is only ever set as text, so nothing from outside becomes markup.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: `h("button", { class: "primary", onclick: act }, "Go")`. */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
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
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
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
