/**
 * What is not mutated, with the reason that the report then shows: texts that people read, and
 * statements about what cannot happen.
 */
import type { NodePath } from "@stryker-mutator/api/ignore";
import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** The little of Babel's paths that is looked at. */
interface BabelPath extends NodePath {
  readonly node: {
    readonly type: string;
    readonly value?: unknown;
    readonly quasis?: readonly { readonly value: { readonly raw: string } }[];
    readonly callee?: { readonly name?: string };
    readonly expression?: { readonly callee?: { readonly name?: string } };
  };
}

function shouldIgnore(path: NodePath): string | undefined {
  const { type, value, quasis = [], callee, expression } = (path as BabelPath).node;
  // The statement too, else the whole call would be taken out.
  const called = type === "ExpressionStatement" ? expression?.callee?.name : callee?.name;
  if (called !== undefined && assertions.has(called)) {
    return "an assertion: what it denies never happens, so a weaker one is not seen";
  }
  const isProse =
    (type === "StringLiteral" && hasBlank(String(value))) ||
    (type === "TemplateLiteral" && quasis.some((quasi) => hasBlank(quasi.value.raw)));
  return isProse ? "a text for people: callers branch on codes, never on it" : undefined;
}

const assertions: ReadonlySet<string> = new Set(["assert", "assertNever"]);

const hasBlank = (text: string): boolean => /\s/.test(text);

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, "prose", { shouldIgnore })];
