// What stands on the screen that a reader has scrolled to. Called with the screen's width and height
// in CSS pixels; gives text, boxes [left, top, right, bottom] and pieces of text with their origin.
([width, height]) => {
  const MOST = 20000;
  const visible = new Map();
  const isSeenByParts = (element) => { // it has no box of its own, but what is in it has
    const style = getComputedStyle(element);
    return style.display === "contents" && style.visibility === "visible" && isVisible(element.parentElement);
  };
  const isVisible = (element) => {
    if (!visible.has(element)) {
      visible.set(element,
        element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || isSeenByParts(element));
    }
    return visible.get(element);
  };
  const clip = (box) => [
    Math.max(0, box.left), Math.max(0, box.top), Math.min(width, box.right), Math.min(height, box.bottom),
  ];
  const isOn = (box) => box.right > 0 && box.left < width && box.bottom > 0 && box.top < height;
  const middleIsOn = (box) => {
    const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
    return x >= 0 && x < width && y >= 0 && y < height && box.width > 0 && box.height > 0;
  };
  const blockOf = (node) => {
    let element = node.parentElement;
    while (element.parentElement && /^(inline|contents$)/.test(getComputedStyle(element).display)) {
      element = element.parentElement;
    }
    return element;
  };

  // As `innerText` has it: in the letters that are seen.
  const transformed = (text, how, element) => {
    const stated = element.closest("[lang]")?.getAttribute("lang"); // SVG has no `lang`, a form's may be a field
    const language = stated?.match(/^[A-Za-z]{2,3}(?![A-Za-z])/)?.[0];
    if (how === "uppercase") return text.toLocaleUpperCase(language);
    if (how === "lowercase") return text.toLocaleLowerCase(language);
    if (how !== "capitalize") return text;
    return text.replace(/(?<![\p{L}\p{M}\p{N}'’])\p{L}/gu, (letter) => letter.toLocaleUpperCase(language));
  };

  // Text, in the order of the document: whole nodes, or of those that a screen's edge cuts the words.
  const range = document.createRange();
  const pieces = [], boxes = [], sizes = new Set();
  let inLinks = 0, lastBlock = null, looked = 0, between = ""; // pieces: a space, or a line's end
  const walker = document.createTreeWalker(
    document.body ?? document.documentElement, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node && looked < MOST; node = walker.nextNode()) {
    if (node.nodeType !== Node.TEXT_NODE) {
      if (node.localName === "br" && isVisible(node)) between = "\n";
      continue;
    }
    if (!isVisible(node.parentElement)) continue;
    if (!node.data.trim()) {
      between ||= " ";
      continue;
    }
    range.selectNodeContents(node);
    const whole = range.getBoundingClientRect();
    if (!isOn(whole)) continue;
    looked += 1; // of those on this screen: a long document has more before it
    let text = "";
    if (whole.top >= 0 && whole.bottom <= height && whole.left >= 0 && whole.right <= width) {
      text = node.data;
      for (const box of range.getClientRects()) boxes.push(clip(box));
    } else {
      for (const word of node.data.matchAll(/\s+|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/gu)) {
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const box = range.getBoundingClientRect();
        if (!word[0].trim()) {
          if (text) text += " "; else between ||= " ";
          continue;
        }
        if (!middleIsOn(box)) continue;
        text += word[0];
        boxes.push(clip(box));
      }
    }
    if (!text.trim()) continue;
    const style = getComputedStyle(node.parentElement);
    if (!style.whiteSpace.startsWith("pre")) text = text.replace(/\s+/g, " ");
    if (style.textTransform !== "none") text = transformed(text, style.textTransform, node.parentElement);
    const block = blockOf(node);
    if (lastBlock !== null) pieces.push(block === lastBlock ? between : "\n");
    lastBlock = block;
    between = "";
    pieces.push(text);
    sizes.add(parseFloat(style.fontSize));
    if (node.parentElement.closest("a[href]")) inLinks += text.replace(/\s/g, "").length;
  }

  const on = (selector) => [...document.querySelectorAll(selector)].slice(0, MOST).filter(
    (element) => isVisible(element) && middleIsOn(element.getBoundingClientRect()));
  const touching = (selector) => [...document.querySelectorAll(selector)].slice(0, MOST).filter(
    (element) => isVisible(element) && isOn(element.getBoundingClientRect()));
  const boxOf = (element) => clip(element.getBoundingClientRect());
  const isChart = (svg) => svg.querySelectorAll("text").length >= 2 &&
    svg.querySelectorAll("path, rect, circle, line, polyline, polygon, ellipse").length >= 4;

  const texts = [];
  const tell = (origin, element, text) => texts.push([origin, (text ?? "").slice(0, 1000), element]);
  for (const e of on("h1, h2, h3, h4, h5, h6")) tell("page-heading", e, e.innerText);
  for (const e of on("figcaption")) tell("figure-caption", e, e.innerText);
  for (const e of on("caption")) tell("table-caption", e, e.innerText);
  for (const e of on("img[alt], area[alt], svg[aria-label], [role=img][aria-label]")) {
    tell("alt-text", e, e.getAttribute("alt") ?? e.getAttribute("aria-label"));
  }
  for (const e of on("svg")) {
    const title = e.querySelector(":scope > title");
    if (title) tell("alt-text", e, title.textContent);
  }
  texts.sort((one, other) =>
    one[2].compareDocumentPosition(other[2]) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);

  const svgs = touching("svg").filter((svg) => !svg.parentElement?.closest("svg"));
  const isTable = (table) => table.rows.length >= 2 && table.rows[0].cells.length >= 2 &&
    table.getAttribute("role") !== "presentation" && !table.querySelector("table");
  return {
    text: pieces.join(""),
    text_boxes: boxes,
    font_sizes: [...sizes],
    figures: [...touching("img, canvas, video, object"), ...svgs.filter((s) => !isChart(s))].map(boxOf),
    charts: svgs.filter(isChart).map(boxOf),
    tables: touching("table").filter(isTable).map(boxOf),
    links: on("a[href]").length,
    link_characters: inLinks,
    texts: texts.map(([origin, text]) => [origin, text]),
    own_fonts: [...document.fonts].filter((font) => font.status === "loaded").length,
  };
}
