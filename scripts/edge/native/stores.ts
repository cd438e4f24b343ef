/** Assignments to variables, fields and elements. */
import ts from "typescript";
import { Untranslatable } from "./c-types.ts";
import type { Expressions } from "./expressions.ts";
import { converted, type Expression, int, isOfModule } from "./values.ts";

/** Adds to a variable, a field or an element; the values before and after it. */
export function step(
  e: Expressions,
  target: ts.Expression,
  by: number,
): { before: string; after: string } {
  if (ts.isIdentifier(target)) {
    const { code } = e.of(target);
    const changed = by > 0 ? ["++", ""] : ["--", ""];
    return { before: `${code}${changed[0]}`, after: `${changed[0]}${code}` };
  }
  const value: Expression = { code: `${by}`, type: int, reads: false, writes: false };
  const after = store(e, { target, right: value, call: "add" });
  return { before: `(${after.code} - ${by})`, after: after.code };
}

/** `call`: the function of native.h that a compound assignment applies. */
export function assign(
  e: Expressions,
  target: ts.Expression,
  source: ts.Expression,
  call?: string,
): Expression {
  return store(e, { target, right: e.of(source), source, call });
}

interface Store {
  readonly target: ts.Expression;
  readonly right: Expression;
  readonly source?: ts.Expression;
  readonly call?: string | undefined;
}

function store(e: Expressions, { target, right, source, call }: Store): Expression {
  const { types } = e.program;
  const name = e.temporary();
  // What stood there is read before the right side is evaluated.
  const combined = (before: string): string =>
    call === undefined
      ? converted(right, int)
      : `({ int64_t ${name}b = ${before}; ${call}(${name}b, ${right.code}); })`;
  if (ts.isIdentifier(target)) {
    const { type, code } = e.of(target);
    const value = call === undefined ? converted(right, type) : combined(code);
    return { code: `(${code} = ${value})`, type, reads: true, writes: true };
  }
  if (ts.isElementAccessExpression(target)) {
    const array = e.of(target.expression);
    if (array.type.kind !== "array") throw new Untranslatable(target, "no array");
    const { element } = array.type;
    const index = e.as(target.argumentExpression, int);
    const head = `struct ${element} *${name} = ${array.code}; int64_t ${name}i = ${index};`;
    const value = combined(`${element}_at(${name}, ${name}i)`);
    const code = `({ ${head} int64_t ${name}v = ${value}; ${element}_set(${name}, ${name}i, ${name}v); ${name}v; })`;
    return { code, type: int, reads: true, writes: true };
  }
  if (!ts.isPropertyAccessExpression(target)) throw new Untranslatable(target, "no place");
  const owner = e.of(target.expression);
  const field = e.propertyOf({ ...owner, code: name }, target.name as ts.Identifier);
  const { type } = field;
  const given = call === undefined ? converted(right, type) : combined(field.code);
  const value = keptIn(e, { target, field, given, source });
  const head = `${types.declare(owner.type)}${name} = ${owner.code};`;
  const code = `({ ${head} ${types.declare(type)}${name}v = ${value}; ${field.code} = ${name}v; ${name}v; })`;
  return { code, type, reads: true, writes: true };
}

/** What a field holds outlives the call: it is made to last, or copied. */
function keptIn(
  e: Expressions,
  input: {
    readonly target: ts.Node;
    readonly field: Expression;
    readonly given: string;
    readonly source: ts.Expression | undefined;
  },
): string {
  const { target, field, given, source } = input;
  const { type } = field;
  if (type.kind === "int" || type.kind === "bool") return given;
  if (e.isLasting) {
    if (type.kind === "array" && source !== undefined) assertLasting(e, source);
    return given;
  }
  if (type.kind !== "array")
    throw new Untranslatable(target, "an object kept outside a constructor");
  return `${type.element}_keep(${field.code}, ${given})`;
}

/** An array that an object begins with is made where it is kept, or is a constant. @throws Untranslatable */
export function assertLasting(e: Expressions, node: ts.Expression): void {
  if (ts.isNewExpression(node) || ts.isArrayLiteralExpression(node)) return;
  if (ts.isAsExpression(node) || ts.isParenthesizedExpression(node))
    return assertLasting(e, node.expression);
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    if (name.text === "of") return;
    if (name.text === "fill") return assertLasting(e, expression);
  }
  const declaration = ts.isIdentifier(node)
    ? e.program.constants.symbolOf(node)?.valueDeclaration
    : undefined;
  if (declaration !== undefined && ts.isVariableDeclaration(declaration) && isOfModule(declaration))
    return;
  throw new Untranslatable(node, "an array that was made elsewhere");
}
