// Before the first paint, so that nothing flickers: the visitor's own choice, else whatever the system wishes.
{
  const system = matchMedia("(prefers-color-scheme: dark)");
  const settle = () => {
    document.documentElement.dataset.theme = localStorage.getItem("theme") || (system.matches ? "dark" : "light");
  };
  system.addEventListener("change", settle);
  settle();
}
