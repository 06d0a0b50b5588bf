// Before the first paint, so that nothing flickers: the visitor's own choice, else the system's.
const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;
