/** Calls, and what makes something: objects, arrays, data. */
import ts from "typescript";
import { arrayElementOf, type CType, Untranslatable } from "./c-types.ts";
import type { Expressions } from "./expressions.ts";
import {
  converted,
  type Expression,
  int,
  isAssigned,
  isOfModule,
  literal,
  nothing,
  parameterType,
} from "./values.ts";

const divisions: Readonly<Record<string, string>> = {
  floor: "divide_floor",
  trunc: "divide_truncated",
  ceil: "divide_ceiling",
};

export function call(e: Expressions, node: ts.CallExpression): Expression {
  const { expression } = node;
  if (!ts.isPropertyAccessExpression(expression)) return callOf(e, node, undefined);
  if (ts.isIdentifier(expression.expression)) {
    if (expression.expression.text === "Math") return math(e, node, expression.name.text);
    if (arrayElementOf(expression.expression.text) !== undefined) return arrayOf(e, node);
  }
  const { expression: base } = expression;
  const owner = e.chainOwner(base);
  if (owner.type.kind === "array") return callOfArray(e, node, owner, expression.name.text);
  return callOf(e, node, owner);
}

function callOf(
  e: Expressions,
  node: ts.CallExpression,
  owner: Expression | undefined,
): Expression {
  const { program } = e;
  const declaration = program.checker.getResolvedSignature(node)?.declaration;
  if (declaration === undefined || ts.isJSDocSignature(declaration))
    throw new Untranslatable(node, "a call of something unknown");
  // As declared: in an optional chain the resolved one may be undefined as well.
  const signature = program.checker.getSignatureFromDeclaration(declaration);
  if (signature === undefined) throw new Untranslatable(node, "a call of something unknown");
  const name =
    owner?.type.kind === "interface"
      ? program.dispatcherOf(
          owner.type.declaration,
          (node.expression as ts.PropertyAccessExpression).name.text,
        )
      : program.functionOf(declaration);
  const operands = [
    ...(owner === undefined ? [] : [{ value: owner, type: owner.type }]),
    ...argumentsFor(e, declaration.parameters, node.arguments),
  ];
  const { code } = e.ordered(operands, (codes) => `${name}(${codes.join(", ")})`);
  const type = program.types.of(signature.getReturnType(), node);
  return { code, type, reads: true, writes: true };
}

function argumentsFor(
  e: Expressions,
  parameters: readonly ts.ParameterDeclaration[],
  given: readonly ts.Expression[],
): readonly { readonly value: Expression; readonly type: CType }[] {
  return parameters.map((parameter, i) => {
    const type = parameterType(e.program.types, parameter);
    const node = given[i];
    const value: Expression = node === undefined ? nothing : e.of(node);
    return { value, type };
  });
}

function math(e: Expressions, node: ts.CallExpression, name: string): Expression {
  const first = node.arguments[0] as ts.Expression;
  const division = divisions[name];
  if (division !== undefined) {
    const inner = ts.isParenthesizedExpression(first) ? first.expression : first;
    const isDivision =
      ts.isBinaryExpression(inner) && inner.operatorToken.kind === ts.SyntaxKind.SlashToken;
    return isDivision ? apply(e, division, inner.left, inner.right) : e.of(first);
  }
  const known = { imul: "imul", clz32: "clz32", min: "smaller", max: "larger", abs: "absolute" };
  const call = known[name as keyof typeof known];
  if (call === undefined || node.arguments.length > 2) throw new Untranslatable(node, "no such");
  return apply(e, call, ...node.arguments);
}

/** A function of integers, without side effects. */
export function apply(
  e: Expressions,
  name: string,
  ...operands: readonly ts.Expression[]
): Expression {
  const parts = e.ordered(
    operands.map((operand) => ({ value: e.of(operand), type: int })),
    (codes) => `${name}(${codes.join(", ")})`,
  );
  return { ...parts, type: int };
}

function arrayOf(e: Expressions, node: ts.CallExpression): Expression {
  const type = e.program.types.at(node);
  if (type.kind !== "array") throw new Untranslatable(node, "no array");
  const values = node.arguments.map((one) => e.as(one, int));
  return filled(e, type, values);
}

export function list(e: Expressions, node: ts.ArrayLiteralExpression): Expression {
  return filled(
    e,
    { kind: "array", element: "i64" },
    node.elements.map((one) => e.as(one, int)),
  );
}

function filled(
  e: Expressions,
  type: CType & { readonly kind: "array" },
  values: readonly string[],
): Expression {
  const name = e.temporary();
  const { element } = type;
  const head = `struct ${element} *${name} = ${element}_new(${values.length}, ${e.isLasting});`;
  const lines = values.map((value, i) => `${element}_set(${name}, ${i}, ${value});`);
  const code = `({ ${head} ${lines.join(" ")} ${name}; })`;
  return { code, type, reads: true, writes: true };
}

function callOfArray(
  e: Expressions,
  node: ts.CallExpression,
  owner: Expression,
  method: string,
): Expression {
  const type = owner.type as CType & { readonly kind: "array" };
  const given = node.arguments.map((one) => ({ value: e.of(one), type: int }));
  const { element } = type;
  const self = { value: owner, type };
  const absent = {
    value: { code: "UNDEFINED", type: int, reads: false, writes: false },
    type: int,
  };
  switch (method) {
    case "fill":
      return arrayCall(e, `${element}_fill`, [self, ...given], type);
    case "subarray":
    case "slice": {
      const bounds = [...given, absent, absent].slice(0, 2);
      return arrayCall(e, `${element}_${method}`, [self, ...bounds], type);
    }
    case "set": {
      const [source, offset] = node.arguments;
      if (source === undefined) break;
      const from = { value: e.of(source), type };
      const at =
        offset === undefined ? { ...absent, value: { ...absent.value, code: "0" } } : given[1];
      if (at === undefined) break;
      return arrayCall(e, `${element}_copy`, [self, from, at], { kind: "void" });
    }
    default:
  }
  throw new Untranslatable(node, "no translation of this method");
}

function arrayCall(
  e: Expressions,
  name: string,
  operands: readonly { readonly value: Expression; readonly type: CType }[],
  type: CType,
): Expression {
  const { code } = e.ordered(operands, (codes) => `${name}(${codes.join(", ")})`);
  return { code, type, reads: true, writes: true };
}

export function create(e: Expressions, node: ts.NewExpression): Expression {
  const type = e.program.types.at(node);
  if (type.kind === "array") {
    const size = node.arguments?.[0];
    if (size === undefined) throw new Untranslatable(node, "an array without size");
    const code = `${type.element}_new(${e.as(size, int)}, ${e.isLasting})`;
    return { code, type, reads: true, writes: true };
  }
  if (type.kind !== "class") throw new Untranslatable(node, "no class");
  if (!e.isLasting) throw new Untranslatable(node, "an object made outside a constructor");
  const maker = e.program.constructorOf(type.declaration);
  const declared = type.declaration.members.find(ts.isConstructorDeclaration);
  const operands = argumentsFor(e, declared?.parameters ?? [], node.arguments ?? []);
  const { code } = e.ordered(operands, (codes) => `${maker}(${codes.join(", ")})`);
  return { code, type, reads: true, writes: true };
}

/** An object of data, in the order in which it is written down. */
export function record(e: Expressions, node: ts.ObjectLiteralExpression): Expression {
  const { program } = e;
  const context = program.checker.getContextualType(node);
  if (context === undefined) throw new Untranslatable(node, "data of no declared type");
  const type = program.types.of(context, node);
  if (type.kind !== "record") throw new Untranslatable(node, "no data");
  program.useRecord(type);
  const name = e.temporary();
  const struct = program.types.declare(type);
  const lines = node.properties.map((property) => {
    if (!ts.isPropertyAssignment(property) && !ts.isShorthandPropertyAssignment(property))
      throw new Untranslatable(property, "no translation");
    const field = type.type.getProperty(property.name.getText());
    if (field === undefined) throw new Untranslatable(property, "not of that type");
    const fieldType = program.types.of(program.checker.getTypeOfSymbol(field), property);
    const value = ts.isPropertyAssignment(property)
      ? e.of(property.initializer)
      : shorthand(e, property);
    return `${name}->f_${field.name} = ${converted(value, fieldType)};`;
  });
  const head = `${struct}${name} = take(sizeof *${name}, ${e.isLasting});`;
  return {
    code: `({ ${head} ${lines.join(" ")} ${name}; })`,
    type,
    reads: true,
    writes: true,
  };
}

function shorthand(e: Expressions, property: ts.ShorthandPropertyAssignment): Expression {
  const { checker, types, constants } = e.program;
  const symbol = checker.getShorthandAssignmentValueSymbol(property);
  const declaration = symbol?.valueDeclaration;
  if (symbol === undefined || declaration === undefined)
    throw new Untranslatable(property, "an unknown name");
  const isConstant = ts.isVariableDeclaration(declaration) && isOfModule(declaration);
  if (isConstant && declaration.initializer !== undefined) {
    const value = constants.valueOf(declaration.initializer);
    if (value !== undefined) return literal(property, value);
  }
  const type = types.of(checker.getTypeOfSymbol(symbol), property);
  const code = isConstant ? e.program.globalOf(declaration) : `v_${property.name.text}`;
  return { code, type, reads: isAssigned(declaration), writes: false };
}
