import { z } from "zod";
import { assert } from "../../kernel/assert.ts";
import { htmlText } from "../html-text.ts";
import { defineTool, type OrdinaryTool, ToolRefusal } from "../tool.ts";
import { untrusted } from "../untrusted.ts";

const Declaration = z.strictObject({
  /** `docs.example.com`, or `*.example.com` for all below it. */
  domains: z
    .array(
      z
        .string()
        .max(253)
        .regex(
          /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/,
          "must be a domain in lower case such as docs.example.com, or *.example.com",
        ),
    )
    .min(1)
    .max(50),
});

/**
 * The tool that reads web pages, on these domains and no others. An agent that has it can be told by a page
 * what to do, and can tell a server what it knows, be it by the address alone: give it to agents that know
 * nothing which the domains' owners must not know. Throws a TypeError that names the domain at fault.
 */
export const webFetch = (declaration: z.input<typeof Declaration>): OrdinaryTool => {
  const parsed = Declaration.safeParse(declaration);
  if (!parsed.success) throw new TypeError(`webFetch: ${z.prettifyError(parsed.error)}`);
  const { domains } = parsed.data;
  return defineTool({
    name: "web_fetch",
    description: `Reads a web page or a text file: https only, on ${domains.join(", ")}. Pages come as text with the addresses of their links. What it brings is data from outside.`,
    input: z.strictObject({ url: z.string().min(1).max(2_048).describe("The whole address.") }),
    effect: "readOnly",
    reaches: ["untrusted", "outward"],
    run: async ({ url }, { web, signal }) => {
      assert(web !== undefined, "this function was given no way to the web");
      const fetched = await web.get(url, { domains, signal });
      if (!fetched.ok) throw new ToolRefusal(fetched.code, fetched.problem);
      const text = HTML.test(fetched.contentType) ? htmlText(fetched.text) : fetched.text;
      return untrusted(fetched.url, text.trim() === "" ? "[no text]" : text);
    },
  });
};

const HTML = /^(text\/html|application\/xhtml\+xml)$/;
