/** What translated expressions are, and what they need of the rest of the program. */
import ts from "typescript";
import { type CType, type CTypes, Untranslatable, undefinedOf } from "./c-types.ts";
import type { Constants } from "./constants.ts";

export interface Expression {
  readonly code: string;
  readonly type: CType;
  /** It reads memory that a call or an assignment may change, or a variable that is assigned. */
  readonly reads: boolean;
  /** It calls or assigns. */
  readonly writes: boolean;
}

/** What expressions need of the rest of the program. */
export interface Program {
  readonly checker: ts.TypeChecker;
  readonly types: CTypes;
  readonly constants: Constants;
  /** Names in C of what is called; asking makes it part of the program. */
  functionOf(declaration: ts.SignatureDeclaration): string;
  constructorOf(declaration: ts.ClassDeclaration): string;
  dispatcherOf(owner: ts.InterfaceDeclaration, member: string): string;
  globalOf(declaration: ts.VariableDeclaration): string;
  useRecord(type: CType & { readonly kind: "record" }): void;
}

export const int: CType = { kind: "int", isMaybe: false };
export const bool: CType = { kind: "bool", isMaybe: false };
/** Nothing, as a value. */
export const nothing: Expression = {
  code: "",
  type: { kind: "undefined" },
  reads: false,
  writes: false,
};

export function literal(node: ts.Node, value: number): Expression {
  if (!Number.isSafeInteger(value)) throw new Untranslatable(node, "no integer");
  return { code: `INT64_C(${value})`, type: int, reads: false, writes: false };
}

export function parameterType(types: CTypes, parameter: ts.ParameterDeclaration): CType {
  const type = types.at(parameter);
  const isMaybe = parameter.initializer !== undefined || parameter.questionToken !== undefined;
  return isMaybe ? maybe(type) : type;
}

export function maybe(type: CType): CType {
  return type.kind === "int" || type.kind === "bool" ? { ...type, isMaybe: true } : type;
}

/** The type that holds values of both. */
export function joined(a: CType, b: CType): CType {
  if (a.kind === "undefined") return maybe(b);
  if (b.kind === "undefined") return maybe(a);
  return (b.kind === "int" || b.kind === "bool") && b.isMaybe ? maybe(a) : a;
}

export function maybeOf({ type }: Expression): { readonly isMaybe?: boolean } {
  return type.kind === "int" || type.kind === "bool" ? { isMaybe: type.isMaybe } : {};
}

export function converted(value: Expression, type: CType): string {
  if (value.type.kind === "undefined") return undefinedOf(type);
  if (type.kind === "interface" && value.type.kind === "class")
    return `(struct object *)(${value.code})`;
  return value.code;
}

/** Declared at the top of a module, not in a function. */
export function isOfModule(declaration: ts.VariableDeclaration): boolean {
  const statement = declaration.parent.parent;
  return ts.isVariableStatement(statement) && ts.isSourceFile(statement.parent);
}

/** Whether a variable is ever assigned after it was declared. */
export function isAssigned(declaration: ts.Declaration): boolean {
  if (ts.isParameter(declaration)) return false;
  const list = ts.isBindingElement(declaration)
    ? declaration.parent.parent.parent
    : declaration.parent;
  return (list.flags & ts.NodeFlags.Const) === 0;
}
