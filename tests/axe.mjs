// Opens a page in Chromium, wide and narrow, light and dark, with everything open, and prints what axe-core
// finds. `node tests/axe.mjs PAGE CHROMIUM [DIR]`; screenshots are written to DIR. The packages are found beside
// AXE_MODULES, where `npm install axe-core playwright-core` put them.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(process.env.AXE_MODULES + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [page, executablePath, screenshots] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const found = new Map();
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    // The policy of the page lets in no script but its own.
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    const tab = await context.newPage();
    const begun = Date.now();
    await tab.goto(pathToFileURL(page).href);
    console.log(`${width} ${colorScheme}: opened in ${Date.now() - begun} ms`);
    if (screenshots) await tab.screenshot({ path: `${screenshots}/${width}-${colorScheme}.png` });
    await tab.evaluate(() => document.querySelectorAll("details").forEach((details, number) => { details.open = number < 60; }));
    if (screenshots) await tab.screenshot({ path: `${screenshots}/${width}-${colorScheme}-open.png` });
    await tab.evaluate(axe);
    const { violations } = await tab.evaluate(() => axe.run({ resultTypes: ["violations"] }));
    for (const { id, impact, help, nodes } of violations) {
      found.set(id, `${impact} ${id}: ${help}\n${nodes.slice(0, 3).map((node) => `  ${node.target} ${node.html.slice(0, 160)}\n  ${node.failureSummary.split("\n").slice(1).join(" ")}`).join("\n")}`);
    }
    const wide = await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) found.set(`wide ${width}`, `the page is ${wide} pixels wider than ${width}`);
    await context.close();
  }
}
await browser.close();
for (const violation of found.values()) console.log(violation);
console.log(`${found.size} found`);
process.exit(found.size ? 1 : 0);
