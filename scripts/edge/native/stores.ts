/** Assignments to variables, fields and elements. */
import ts from "typescript";
import { Untranslatable } from "./c-types.ts";
import type { Expressions } from "./expressions.ts";
import { converted, type Expression, int } from "./values.ts";

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
  const after = store(e, target, value, "add");
  return { before: `(${after.code} - ${by})`, after: after.code };
}

export function assign(
  e: Expressions,
  target: ts.Expression,
  right: ts.Expression,
  call?: string,
): Expression {
  return store(e, target, e.of(right), call);
}

function store(
  e: Expressions,
  target: ts.Expression,
  right: Expression,
  call?: string,
): Expression {
  const { types } = e.program;
  const name = e.temporary();
  if (ts.isIdentifier(target)) {
    const { type, code } = e.of(target);
    const value = call === undefined ? converted(right, type) : `${call}(${code}, ${right.code})`;
    return { code: `(${code} = ${value})`, type, reads: true, writes: true };
  }
  if (ts.isElementAccessExpression(target)) {
    const array = e.of(target.expression);
    if (array.type.kind !== "array") throw new Untranslatable(target, "no array");
    const { element } = array.type;
    const index = e.as(target.argumentExpression, int);
    const head = `struct ${element} *${name} = ${array.code}; int64_t ${name}i = ${index};`;
    const value =
      call === undefined
        ? converted(right, int)
        : `${call}(${element}_at(${name}, ${name}i), ${right.code})`;
    const code = `({ ${head} int64_t ${name}v = ${value}; ${element}_set(${name}, ${name}i, ${name}v); ${name}v; })`;
    return { code, type: int, reads: true, writes: true };
  }
  if (!ts.isPropertyAccessExpression(target)) throw new Untranslatable(target, "no place");
  const owner = e.of(target.expression);
  const field = e.propertyOf({ ...owner, code: name }, target.name as ts.Identifier);
  const { type } = field;
  const isNumber = type.kind === "int" || type.kind === "bool";
  if (!isNumber && !e.isLasting && type.kind !== "array")
    throw new Untranslatable(target, "an object kept outside a constructor");
  const given =
    call === undefined ? converted(right, type) : `${call}(${field.code}, ${right.code})`;
  // What is kept outlives the call: bytes are copied then, and those before them given back.
  const value =
    type.kind === "array" && !e.isLasting ? `${type.element}_keep(${field.code}, ${given})` : given;
  const head = `${types.declare(owner.type)}${name} = ${owner.code};`;
  const code = `({ ${head} ${types.declare(type)}${name}v = ${value}; ${field.code} = ${name}v; ${name}v; })`;
  return { code, type, reads: true, writes: true };
}
