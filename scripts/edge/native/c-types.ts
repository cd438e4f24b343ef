/**
 * What TypeScript's types become in C:
 *
 * | TypeScript | C |
 * | --- | --- |
 * | number (an integer) | int64_t; `undefined` is the lowest one |
 * | boolean | bool, where it may be undefined int64_t |
 * | Uint8Array … Float64Array | pointer to a struct of data and length; elements of the last are int64_t |
 * | class | pointer to a struct that begins with the number of its class |
 * | interface with methods, which classes implement | pointer to such a beginning |
 * | interface or literal type of data | pointer to a struct |
 */
import ts from "typescript";

export type ArrayElement = "u8" | "u16" | "i16" | "i32" | "u32" | "i64";

export type CType =
  | { readonly kind: "void" }
  /** An expression that is nothing but undefined. */
  | { readonly kind: "undefined" }
  | { readonly kind: "int"; readonly isMaybe: boolean }
  | { readonly kind: "bool"; readonly isMaybe: boolean }
  | { readonly kind: "array"; readonly element: ArrayElement }
  | { readonly kind: "class"; readonly declaration: ts.ClassDeclaration }
  | { readonly kind: "interface"; readonly declaration: ts.InterfaceDeclaration }
  | { readonly kind: "record"; readonly declaration: ts.Node; readonly type: ts.Type };

/** The source has something that has no translation; the message says where. */
export class Untranslatable extends Error {
  constructor(node: ts.Node, problem: string) {
    const file = node.getSourceFile();
    const { line, character } = file.getLineAndCharacterOfPosition(node.getStart());
    super(`${file.fileName}:${line + 1}:${character + 1}: ${problem}: ${node.getText()}`);
  }
}

const arrays: Readonly<Record<string, ArrayElement>> = {
  Uint8Array: "u8",
  Uint16Array: "u16",
  Int16Array: "i16",
  Int32Array: "i32",
  Uint32Array: "u32",
  Float64Array: "i64",
};

export function arrayElementOf(className: string): ArrayElement | undefined {
  return arrays[className];
}

export class CTypes {
  private readonly checker: ts.TypeChecker;
  private readonly names = new Map<ts.Node, string>();
  private readonly taken = new Map<string, number>();

  constructor(checker: ts.TypeChecker) {
    this.checker = checker;
  }

  /** @throws Untranslatable at `node` */
  of(type: ts.Type, node: ts.Node): CType {
    if ((type.flags & ts.TypeFlags.Void) !== 0) return { kind: "void" };
    const present = this.checker.getNonNullableType(type);
    const isMaybe = present !== type;
    if ((present.flags & ts.TypeFlags.Never) !== 0) return { kind: "undefined" };
    if (isAll(present, ts.TypeFlags.NumberLike)) return { kind: "int", isMaybe };
    if (isAll(present, ts.TypeFlags.BooleanLike)) return { kind: "bool", isMaybe };
    if (this.checker.isTupleType(present) || this.checker.isArrayType(present))
      return { kind: "array", element: "i64" };
    const symbol = present.getSymbol();
    const element = symbol === undefined ? undefined : arrayElementOf(symbol.name);
    if (element !== undefined) return { kind: "array", element };
    const declaration = symbol?.declarations?.[0];
    const unknown = `no translation of type ${this.checker.typeToString(type)}`;
    if (declaration === undefined) throw new Untranslatable(node, unknown);
    if (ts.isClassDeclaration(declaration)) return { kind: "class", declaration };
    if (ts.isInterfaceDeclaration(declaration)) {
      const hasMethods = declaration.members.some(ts.isMethodSignature);
      return hasMethods
        ? { kind: "interface", declaration }
        : { kind: "record", declaration, type: present };
    }
    if (ts.isTypeLiteralNode(declaration) || ts.isObjectLiteralExpression(declaration))
      return { kind: "record", declaration, type: present };
    throw new Untranslatable(node, unknown);
  }

  at(node: ts.Node): CType {
    return this.of(this.checker.getTypeAtLocation(node), node);
  }

  /** How a variable of this type is declared, with a space or star at the end. */
  declare(type: CType): string {
    switch (type.kind) {
      case "void":
      case "undefined":
        return "void ";
      case "int":
        return "int64_t ";
      case "bool":
        return type.isMaybe ? "int64_t " : "bool ";
      case "array":
        return `struct ${type.element} *`;
      case "interface":
        return "struct object *";
      default:
        return `struct ${this.nameOf(type.declaration)} *`;
    }
  }

  /** A name for what a node declares, told apart from others of the same name. */
  nameOf(declaration: ts.Node): string {
    const known = this.names.get(declaration);
    if (known !== undefined) return known;
    const base = baseNameOf(declaration);
    const count = this.taken.get(base) ?? 0;
    this.taken.set(base, count + 1);
    const name = count === 0 ? base : `${base}_${count}`;
    this.names.set(declaration, name);
    return name;
  }
}

function baseNameOf(declaration: ts.Node): string {
  if (
    (ts.isClassDeclaration(declaration) ||
      ts.isInterfaceDeclaration(declaration) ||
      ts.isFunctionDeclaration(declaration) ||
      ts.isVariableDeclaration(declaration)) &&
    declaration.name !== undefined &&
    ts.isIdentifier(declaration.name)
  )
    return `ts_${declaration.name.text}`;
  return "ts_record";
}

function isAll(type: ts.Type, flags: ts.TypeFlags): boolean {
  return type.isUnion() ? type.types.every((one) => isAll(one, flags)) : (type.flags & flags) !== 0;
}

/** The value that stands for undefined. */
export function undefinedOf(type: CType): string {
  return type.kind === "int" || type.kind === "bool" ? "UNDEFINED" : "NULL";
}
