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
    readonly callee?: Called;
    readonly expression?: Statement["expression"];
    readonly consequent?: unknown;
  };
}
interface Statement {
  readonly expression?: { readonly callee?: Called };
}
interface Called {
  readonly name?: string;
}

function shouldIgnore(path: NodePath): string | undefined {
  const { type, value, quasis = [], callee, expression, consequent } = (path as BabelPath).node;
  // The statement and the switch's default too, else the whole call would be taken out.
  const [only] = type === "SwitchCase" ? (consequent as readonly Statement[]) : [];
  const call = type === "ExpressionStatement" ? expression : only?.expression;
  const called = (call?.callee ?? callee)?.name;
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
