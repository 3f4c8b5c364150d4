// The chosen theme, before anything is drawn; without a choice the system's counts.
"use strict";
try {
	const chosen = localStorage.getItem("pmdaemon.theme");
	if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
	// A browser that keeps nothing has the system's theme.
}
