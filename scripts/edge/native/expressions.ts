/**
 * Expressions in C. JavaScript evaluates from the left, C as it likes: where the order
 * of two operands could matter, each becomes a variable first.
 */
import ts from "typescript";
import { type CType, Untranslatable, undefinedOf } from "./c-types.ts";
import { apply, call, create, list, record } from "./calls.ts";
import { assignments, comparisons, operators } from "./operators.ts";
import { assign, step } from "./stores.ts";
import {
  bool,
  converted,
  type Expression,
  int,
  isAssigned,
  isOfModule,
  joined,
  literal,
  maybe,
  maybeOf,
  nothing,
  type Program,
} from "./values.ts";

export class Expressions {
  readonly program: Program;
  /** Memory that is taken lasts as long as the object: in constructors, and of constants. */
  readonly isLasting: boolean;
  /** What stands in the place of a node that was evaluated before. */
  private readonly evaluated = new Map<ts.Node, Expression>();
  private temporaries = 0;

  constructor(program: Program, isLasting: boolean) {
    this.program = program;
    this.isLasting = isLasting;
  }

  /** The expression as a value of this type. */
  as(node: ts.Expression, type: CType): string {
    return converted(this.of(node), type);
  }

  condition(node: ts.Expression): string {
    return this.truth(node).code;
  }

  private truth(node: ts.Expression): Expression {
    const value = this.of(node);
    if (value.type.kind !== "bool" || value.type.isMaybe)
      throw new Untranslatable(node, "no boolean");
    return value;
  }

  temporary(): string {
    return `t${this.temporaries++}`;
  }

  /** A property of an object that has this code, with its declared type. */
  propertyOf(owner: Expression, name: ts.Identifier): Expression {
    const { program } = this;
    const { type } = owner;
    if (type.kind === "array" && name.text === "length")
      return { ...owner, code: `(int64_t)(${owner.code})->length`, type: int, reads: true };
    const field = `(${owner.code})->f_${name.text}`;
    if (type.kind === "record") {
      program.useRecord(type);
      const property = type.type.getProperty(name.text);
      if (property === undefined) throw new Untranslatable(name, "no such property");
      const result = program.types.of(program.checker.getTypeOfSymbol(property), name);
      return { ...owner, code: field, type: result, reads: true };
    }
    if (type.kind !== "class" && type.kind !== "interface")
      throw new Untranslatable(name, "a property of something without any");
    const members: readonly ts.NamedDeclaration[] = type.declaration.members;
    const member = members.find((one) => one.name?.getText() === name.text);
    if (member === undefined) throw new Untranslatable(name, "no such property");
    const result = program.types.at(member);
    if (type.kind === "class" && !ts.isGetAccessorDeclaration(member))
      return { ...owner, code: field, type: result, reads: true };
    const call =
      type.kind === "interface"
        ? program.dispatcherOf(type.declaration, name.text)
        : program.functionOf(member as ts.GetAccessorDeclaration);
    return { code: `${call}(${owner.code})`, type: result, reads: true, writes: true };
  }

  of(node: ts.Expression): Expression {
    const evaluated = this.evaluated.get(node);
    if (evaluated !== undefined) return evaluated;
    const constant = this.program.constants.valueOf(node);
    if (constant !== undefined) return literal(node, constant);
    if (
      ts.isParenthesizedExpression(node) ||
      ts.isNonNullExpression(node) ||
      ts.isSatisfiesExpression(node)
    )
      return this.of(node.expression);
    if (ts.isAsExpression(node)) return this.asserted(node);
    if (ts.isOptionalChain(node)) return this.optional(node);
    if (ts.isPropertyAccessExpression(node))
      return this.propertyOf(this.of(node.expression), node.name as ts.Identifier);
    if (ts.isElementAccessExpression(node)) return this.element(node, "get");
    if (ts.isCallExpression(node)) return call(this, node);
    if (ts.isNewExpression(node)) return create(this, node);
    if (ts.isBinaryExpression(node)) return this.binary(node);
    if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node))
      return this.unary(node);
    if (ts.isConditionalExpression(node)) return this.conditional(node);
    if (ts.isObjectLiteralExpression(node)) return record(this, node);
    if (ts.isArrayLiteralExpression(node)) return list(this, node);
    if (ts.isIdentifier(node)) return this.identifier(node);
    switch (node.kind) {
      case ts.SyntaxKind.ThisKeyword:
        return { code: "self", type: this.program.types.at(node), reads: false, writes: false };
      case ts.SyntaxKind.TrueKeyword:
        return { code: "true", type: bool, reads: false, writes: false };
      case ts.SyntaxKind.FalseKeyword:
        return { code: "false", type: bool, reads: false, writes: false };
      default:
        throw new Untranslatable(node, "no translation");
    }
  }

  private identifier(node: ts.Identifier): Expression {
    const { program } = this;
    if (node.text === "undefined") return nothing;
    const symbol = program.constants.symbolOf(node);
    const declaration = symbol?.valueDeclaration;
    if (symbol === undefined || declaration === undefined)
      throw new Untranslatable(node, "an unknown name");
    const declared = program.checker.getTypeOfSymbolAtLocation(symbol, declaration);
    const type = program.types.of(declared, node);
    if (ts.isVariableDeclaration(declaration) && isOfModule(declaration))
      return { code: program.globalOf(declaration), type, reads: false, writes: false };
    return { code: `v_${node.text}`, type, reads: isAssigned(declaration), writes: false };
  }

  private asserted(node: ts.AsExpression): Expression {
    const inner = ts.isParenthesizedExpression(node.expression)
      ? node.expression.expression
      : node.expression;
    // `a[i] as number`: the author vouches for the index; the host still looks.
    if (ts.isElementAccessExpression(inner) && !ts.isOptionalChain(inner))
      return this.element(inner, "at");
    return this.of(node.expression);
  }

  /** The operands' codes, evaluated from the left. `use` makes of them what is returned. */
  ordered(
    operands: readonly { readonly value: Expression; readonly type: CType }[],
    use: (codes: readonly string[]) => string,
  ): { readonly code: string; readonly reads: boolean; readonly writes: boolean } {
    const values = operands.map(({ value }) => value);
    const reads = values.some((value) => value.reads);
    const writes = values.some((value) => value.writes);
    const codes = operands.map(({ value, type }) => converted(value, type));
    const matters = values.some(
      (value, i) =>
        value.writes && values.some((other, k) => k !== i && (other.reads || other.writes)),
    );
    if (!matters) return { code: use(codes), reads, writes };
    const names = codes.map(() => this.temporary());
    const lines = operands.map(
      ({ type }, i) => `${this.program.types.declare(type)}${names[i]} = ${codes[i]};`,
    );
    return { code: `({ ${lines.join(" ")} ${use(names)}; })`, reads, writes };
  }

  private element(node: ts.ElementAccessExpression, way: "get" | "at"): Expression {
    const array = this.of(node.expression);
    const { type } = array;
    if (type.kind !== "array") throw new Untranslatable(node, "no array");
    const parts = this.ordered(
      [
        { value: array, type },
        { value: this.of(node.argumentExpression), type: int },
      ],
      ([of, index]) => `${type.element}_${way}(${of}, ${index})`,
    );
    return { ...parts, reads: true, type: { kind: "int", isMaybe: way === "get" } };
  }

  /** `a?.b…`: nothing of it happens where a is undefined. */
  private optional(node: ts.Expression): Expression {
    let part: ts.Node = node;
    while (!("questionDotToken" in part && part.questionDotToken !== undefined))
      part = (part as ts.PropertyAccessExpression | ts.CallExpression).expression;
    const owner = (part as ts.PropertyAccessExpression).expression;
    const base = this.of(owner);
    const name = this.temporary();
    this.evaluated.set(owner, { code: name, type: base.type, reads: false, writes: false });
    const rest = this.chained(node);
    this.evaluated.delete(owner);
    const head = `${this.program.types.declare(base.type)}${name} = ${base.code};`;
    const effects = { reads: true, writes: base.writes || rest.writes };
    if (rest.type.kind === "void")
      return { code: `({ ${head} if (${name}) ${rest.code}; })`, type: rest.type, ...effects };
    const type = maybe(rest.type);
    const absent = undefinedOf(type);
    return {
      code: `({ ${head} ${name} ? ${converted(rest, type)} : ${absent}; })`,
      type,
      ...effects,
    };
  }

  /** What stands before a dot. */
  chainOwner(node: ts.Expression): Expression {
    const known = this.evaluated.get(node);
    if (known !== undefined) return known;
    return ts.isOptionalChain(node) ? this.chained(node) : this.of(node);
  }

  /** A chain whose base is evaluated. */
  private chained(node: ts.Expression): Expression {
    if (ts.isCallExpression(node)) return call(this, node);
    if (ts.isPropertyAccessExpression(node)) {
      return this.propertyOf(this.chainOwner(node.expression), node.name as ts.Identifier);
    }
    throw new Untranslatable(node, "no translation of this chain");
  }

  private binary(node: ts.BinaryExpression): Expression {
    const operator = node.operatorToken.kind;
    if (operator === ts.SyntaxKind.EqualsToken) return assign(this, node.left, node.right);
    const compound = assignments[operator];
    if (compound !== undefined) return assign(this, node.left, node.right, operators[compound]);
    const comparison = comparisons[operator];
    if (comparison !== undefined) return this.compare(node, comparison);
    const call = operators[operator];
    if (call !== undefined) return apply(this, call, node.left, node.right);
    switch (operator) {
      case ts.SyntaxKind.AmpersandAmpersandToken:
      case ts.SyntaxKind.BarBarToken: {
        const sign = operator === ts.SyntaxKind.BarBarToken ? "||" : "&&";
        const [left, right] = [this.truth(node.left), this.truth(node.right)];
        const code = `(${left.code} ${sign} ${right.code})`;
        const reads = left.reads || right.reads;
        return { code, type: bool, reads, writes: left.writes || right.writes };
      }
      case ts.SyntaxKind.QuestionQuestionToken:
        return this.instead(node);
      default:
        throw new Untranslatable(node, "no translation (a quotient has to be rounded)");
    }
  }

  /** `a ?? b`. */
  private instead(node: ts.BinaryExpression): Expression {
    const left = this.of(node.left);
    const right = this.of(node.right);
    // Where the left is undefined the right decides, so only the right can leave it so.
    const type = right.type.kind === "undefined" ? left.type : { ...left.type, ...maybeOf(right) };
    const name = this.temporary();
    const absent = undefinedOf(left.type);
    const present =
      left.type.kind === "bool" && type.kind === "bool" && !type.isMaybe ? `${name} != 0` : name;
    const head = `${this.program.types.declare(left.type)}${name} = ${left.code};`;
    const code = `({ ${head} ${name} == ${absent} ? ${converted(right, type)} : ${present}; })`;
    return { code, type, reads: left.reads || right.reads, writes: left.writes || right.writes };
  }

  private compare(node: ts.BinaryExpression, sign: string): Expression {
    const [left, right] = [this.of(node.left), this.of(node.right)];
    const type = left.type.kind === "undefined" ? right.type : left.type;
    const parts = this.ordered(
      [
        { value: left, type },
        { value: right, type: right.type.kind === "undefined" ? type : right.type },
      ],
      ([a, b]) => `(${a} ${sign} ${b})`,
    );
    return { ...parts, type: bool };
  }

  private unary(node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression): Expression {
    switch (node.operator) {
      case ts.SyntaxKind.ExclamationToken: {
        const value = this.truth(node.operand);
        return { ...value, code: `!${value.code}` };
      }
      case ts.SyntaxKind.MinusToken:
        return apply(this, "negate", node.operand);
      case ts.SyntaxKind.TildeToken:
        return apply(this, "bit_not", node.operand);
      case ts.SyntaxKind.PlusPlusToken:
      case ts.SyntaxKind.MinusMinusToken: {
        const by = node.operator === ts.SyntaxKind.PlusPlusToken ? 1 : -1;
        const { before, after } = step(this, node.operand as ts.Expression, by);
        const code = ts.isPrefixUnaryExpression(node) ? after : before;
        return { code, type: int, reads: true, writes: true };
      }
      default:
        throw new Untranslatable(node, "no translation");
    }
  }

  private conditional(node: ts.ConditionalExpression): Expression {
    const [yes, no] = [this.of(node.whenTrue), this.of(node.whenFalse)];
    const condition = this.truth(node.condition);
    const type = joined(yes.type, no.type);
    return {
      code: `(${condition.code} ? ${converted(yes, type)} : ${converted(no, type)})`,
      type,
      reads: condition.reads || yes.reads || no.reads,
      writes: condition.writes || yes.writes || no.writes,
    };
  }
}
