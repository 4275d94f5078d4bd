import { expect, test } from "bun:test";
import { html } from "../../../src/http/status/markup.ts";

test("values are escaped, in content and in attributes", () => {
  const evil = `"><script>alert('x' & "y")</script>`;
  expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;">' +
      "&quot;&gt;&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;</p>",
  );
});

test("markup, lists of markup and undefined are inserted unescaped", () => {
  const items = ["a", "<b>"].map((name) => html`<li>${name}</li>`);
  expect(html`<ul>${items}</ul>${undefined}${html`<hr>`}${0}`.text).toBe(
    "<ul><li>a</li><li>&lt;b&gt;</li></ul><hr>0",
  );
});
