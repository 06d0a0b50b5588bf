"""Nothing cut off, nothing nameless, nothing too faint: what holds for each view of the page."""

from playwright.sync_api import Page

UNNAMED = """() => [...document.querySelectorAll('button, a, input, select, textarea')]
  .filter(one => one.checkVisibility())
  .filter(one => !(one.getAttribute('aria-label') || one.textContent.trim() || one.labels?.length || one.title))
  .map(one => one.outerHTML)"""
TOO_WIDE = """() => [...document.querySelectorAll('body, .pane, .scroll, .card .blocks, dialog')]
  .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)
  .map(one => one.className || one.tagName)"""
FAINT = """() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (one) => { for (; one; one = one.parentElement) { const c = rgb(getComputedStyle(one).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  const found = new Set();
  for (const one of document.querySelectorAll('p, span, strong, small, button, a, time, h1, h2, h3, label, li, code, legend')) {
    if (!one.checkVisibility({ opacityProperty: true }) || ![...one.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const ink = rgb(getComputedStyle(one).color);
    if (ink.length === 4 && ink[3] < 1) continue;
    const [a, b] = [light(ink), light(ground(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) found.add(`${one.className || one.tagName}: ${one.textContent.slice(0, 30)}`);
  }
  return [...found];
}"""


def sound(page: Page) -> None:
    """Nothing is cut off, nothing nameless, nothing too faint to read."""
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(FAINT) == []
