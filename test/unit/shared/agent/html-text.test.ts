import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { htmlText } from "../../../../functions/shared/agent/html-text.ts";

describe("the text of a page", () => {
  test("reads as the page does", () => {
    const page = `<!doctype html>
<html><head><title>Queues &amp; more</title><style>p { color: red }</style>
<script>if (1 < 2) { document.write("<p>no</p>") }</script></head>
<body><h1>Queues</h1><!-- <p>not this</p> -->
<p>A <b>queue</b> holds
messages; see <a class="x" href="/docs/queues?a=1&amp;b=2">the guide</a>.</p>
<ul><li>first</li><li>second</li></ul>
<table><tr><td>a</td><td>b</td></tr></table>
<pre>
  let x = 1;
    let y = 2;
</pre>
<img src="a.png" alt="x"><svg><text>not this</text></svg>
</body></html>`;
    expect(htmlText(page)).toBe(
      [
        "Queues & more",
        "",
        "# Queues",
        "",
        "A queue holds messages; see the guide (/docs/queues?a=1&b=2).",
        "",
        "- first",
        "- second",
        "",
        "| a | b",
        "",
        "  let x = 1;",
        "    let y = 2;",
      ].join("\n"),
    );
  });

  test.each([
    ["a < b and b > c", "a < b and b > c"],
    ["1 &lt; 2 &#38; 3 &#x26; &unknown; &#0; &#x110000;", "1 < 2 & 3 & &unknown; &#0; &#x110000;"],
    ["<p title='a > b'>x</p>", "x"],
    ["<script>never closed", ""],
    ["text<!-- never closed", "text"],
    ["<p", ""],
    ["<a href='javascript:alert(1)'>x</a>", "x"],
    ["<a href=#top>x</a><a href=https://a.example/>y</a>", "xy (https://a.example/)"],
    ["</a></pre></div>x", "x"],
    ["", ""],
  ])("%j is %j", (html, text) => expect(htmlText(html)).toBe(text));

  test("holds nothing of what a browser would not show", () => {
    const hidden = ["script", "style", "noscript", "template", "iframe", "textarea"];
    for (const element of hidden) {
      expect(htmlText(`a<${element} x="y">hidden</${element.toUpperCase()} >b`)).toBe("ab");
    }
  });

  test("is made of any text whatever", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(
              "<",
              ">",
              "</",
              "<!--",
              "-->",
              "<a href=",
              '"',
              "'",
              "<script>",
              "<pre>",
              "&",
              "&#",
              ";",
              "\n",
            ),
            fc.string({ maxLength: 8 }),
          ),
        ),
        (parts) => {
          expect(typeof htmlText(parts.join(""))).toBe("string");
        },
      ),
    );
  });

  test.each([
    ["<", "<"],
    ["<a ", "<a "],
    ['<a href="', '"'],
    ["<!--", "-"],
    ["<script", "<script>"],
    ["&#", "&#1"],
    [" ", " \n "],
    ["\n", "<p>"],
  ])(
    "of 2 MiB of %j and %j takes no longer than its length allows",
    (start, again) => {
      // What is not linear would take hours here, and the test with it.
      expect(htmlText(start + again.repeat((2 * 1024 * 1024) / again.length)).length).toBeGreaterThanOrEqual(
        0,
      );
    },
    60_000,
  );
});
