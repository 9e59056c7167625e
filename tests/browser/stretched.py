"""A language that does not exist: every word a third longer and full of accents, as a translation may be.

What people typed (`<bdi>`), times, code and addresses stay as they are: no translation makes them longer.
"""

from playwright.sync_api import Page

_STRETCH = r"""
() => {
  const accents = {a: "á", e: "ë", i: "î", o: "ø", u: "ü", n: "ñ", c: "ç", s: "š", A: "Å", E: "É", O: "Ö", S: "Š"};
  const longer = word => word + "éöïâû".repeat(9).slice(0, Math.ceil(word.length * 0.35));
  const said = text => text.replace(/\p{L}{2,}/gu, word => longer(word).replace(/./gu, c => accents[c] ?? c));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const kept = node.parentElement.closest("bdi, time, code, pre, textarea, script, style");
    if (!kept && !/[@{]|\w\.\w/.test(node.data)) node.data = said(node.data);
  }
  for (const cell of document.querySelectorAll("[data-label]")) cell.dataset.label = said(cell.dataset.label);
  for (const field of document.querySelectorAll("[placeholder]")) field.placeholder = said(field.placeholder);
}
"""

# A text that leaves its button or label, or that something around it cuts off without a way to scroll there. What is
# cut to a single pixel is for screen readers.
_CUT = r"""
() => {
  const found = new Set();
  const range = document.createRange();
  const within = (text, box) => text.left >= box.left - 1 && text.right <= box.right + 1
    && text.top >= box.top - 3 && text.bottom <= box.bottom + 3;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, holder = node.parentElement;
    if (!node.data.trim() || holder.closest(".visually-hidden, select, script, style, dialog:not([open])")) continue;
    if (!holder.checkVisibility({visibilityProperty: true})) continue;
    range.selectNodeContents(node);
    const button = holder.closest("button, .btn, .pill, .chip, .badge, .tabs a, summary, th");
    for (const text of range.getClientRects()) {
      if (!text.width) continue;
      const boxes = button ? [button] : [];
      for (let up = holder; up !== document.body; up = up.parentElement) {
        const flow = getComputedStyle(up).overflowX;
        if (flow === "auto" || flow === "scroll") break;
        if (flow === "hidden" || flow === "clip") boxes.push(up);
      }
      const areas = boxes.map(box => [box, box.getBoundingClientRect()]);
      if (areas.some(([, area]) => area.width <= 1)) continue;
      for (const [box, area] of areas)
        if (!within(text, area))
          found.add(`${node.data.trim().slice(0, 40)} in ${box.tagName.toLowerCase()}.${box.className}`);
    }
  }
  return [...found];
}
"""


def stretch(page: Page) -> None:
    """Say everything on the page a third longer."""
    page.evaluate(_STRETCH)


def cut_off(page: Page) -> list[str]:
    """Texts that cannot be read to their end, with what they stand in."""
    found: list[str] = page.evaluate(_CUT)
    return found
