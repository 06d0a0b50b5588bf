// Set the theme before the first paint, so that nothing flickers: the visitor's choice, else the system's.
{
  const system = matchMedia("(prefers-color-scheme: dark)");
  const settle = () => {
    document.documentElement.dataset.theme = localStorage.getItem("theme") || (system.matches ? "dark" : "light");
  };
  system.addEventListener("change", settle);
  settle();
}
