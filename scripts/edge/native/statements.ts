/** Statements in C: the same ones, for the most part. */
import ts from "typescript";
import { type CType, Untranslatable } from "./c-types.ts";
import { Expressions } from "./expressions.ts";
import { type Expression, int, type Program } from "./values.ts";

export class Statements {
  private readonly program: Program;
  private readonly returns: CType;
  readonly expressions: Expressions;

  constructor(program: Program, returns: CType, isLasting: boolean) {
    this.program = program;
    this.returns = returns;
    this.expressions = new Expressions(program, isLasting);
  }

  block(block: ts.Block): string {
    return `{\n${block.statements.map((one) => this.of(one)).join("\n")}\n}`;
  }

  of(node: ts.Statement): string {
    const { expressions } = this;
    if (ts.isBlock(node)) return this.block(node);
    if (ts.isExpressionStatement(node)) return `${expressions.of(node.expression).code};`;
    if (ts.isVariableStatement(node)) return this.declarations(node.declarationList);
    if (ts.isReturnStatement(node)) return this.return(node);
    if (ts.isIfStatement(node)) {
      const otherwise =
        node.elseStatement === undefined ? "" : ` else ${this.inner(node.elseStatement)}`;
      return `if (${expressions.condition(node.expression)}) ${this.inner(node.thenStatement)}${otherwise}`;
    }
    if (ts.isWhileStatement(node))
      return `while (${expressions.condition(node.expression)}) ${this.inner(node.statement)}`;
    if (ts.isForStatement(node)) return this.for(node);
    if (ts.isForOfStatement(node)) return this.forOf(node);
    if (ts.isSwitchStatement(node)) return this.switch(node);
    if (ts.isBreakStatement(node) && node.label === undefined) return "break;";
    if (ts.isContinueStatement(node) && node.label === undefined) return "continue;";
    throw new Untranslatable(node, "no translation");
  }

  /** In braces, so that an else finds its if. */
  private inner(node: ts.Statement): string {
    return ts.isBlock(node) ? this.block(node) : `{ ${this.of(node)} }`;
  }

  private return({ expression }: ts.ReturnStatement): string {
    if (expression === undefined) return "return;";
    if (this.returns.kind === "void") return `{ ${this.expressions.of(expression).code}; return; }`;
    return `return ${this.expressions.as(expression, this.returns)};`;
  }

  private declarations(list: ts.VariableDeclarationList): string {
    return list.declarations.map((one) => this.declaration(one)).join(" ");
  }

  private declaration(node: ts.VariableDeclaration): string {
    const { types } = this.program;
    if (ts.isObjectBindingPattern(node.name)) return this.destructured(node, node.name);
    if (!ts.isIdentifier(node.name)) throw new Untranslatable(node, "no translation");
    const type = types.at(node.name);
    const value =
      node.initializer === undefined ? "" : ` = ${this.expressions.as(node.initializer, type)}`;
    return `${types.declare(type)}v_${node.name.text}${value};`;
  }

  /** `const { a, b: c } = d`. */
  private destructured(node: ts.VariableDeclaration, pattern: ts.ObjectBindingPattern): string {
    const { types } = this.program;
    if (node.initializer === undefined) throw new Untranslatable(node, "of nothing");
    const base = this.expressions.of(node.initializer);
    const name = this.expressions.temporary();
    const owner: Expression = { code: name, type: base.type, reads: false, writes: false };
    const lines = pattern.elements.map((element) => {
      const property = element.propertyName ?? element.name;
      if (!ts.isIdentifier(element.name) || !ts.isIdentifier(property))
        throw new Untranslatable(element, "no translation");
      const type = types.at(element.name);
      const { code } = this.expressions.propertyOf(owner, property);
      return `${types.declare(type)}v_${element.name.text} = ${code};`;
    });
    return `${types.declare(base.type)}${name} = ${base.code}; ${lines.join(" ")}`;
  }

  private for(node: ts.ForStatement): string {
    const { expressions } = this;
    const { initializer, condition, incrementor } = node;
    const start =
      initializer === undefined
        ? ";"
        : ts.isVariableDeclarationList(initializer)
          ? this.oneDeclaration(initializer)
          : `${expressions.of(initializer).code};`;
    const test = condition === undefined ? "" : expressions.condition(condition);
    const step = incrementor === undefined ? "" : expressions.of(incrementor).code;
    return `for (${start} ${test}; ${step}) ${this.inner(node.statement)}`;
  }

  private oneDeclaration(list: ts.VariableDeclarationList): string {
    if (list.declarations.length !== 1) throw new Untranslatable(list, "more than one variable");
    return this.declarations(list);
  }

  private forOf(node: ts.ForOfStatement): string {
    const { expressions, program } = this;
    const list = expressions.of(node.expression);
    const { initializer } = node;
    const name =
      ts.isVariableDeclarationList(initializer) && initializer.declarations[0]?.name !== undefined
        ? initializer.declarations[0].name
        : undefined;
    if (list.type.kind !== "array" || name === undefined || !ts.isIdentifier(name))
      throw new Untranslatable(node, "no translation");
    const array = expressions.temporary();
    const { element } = list.type;
    const head = `${program.types.declare(list.type)}${array} = ${list.code};`;
    const item = `${program.types.declare(int)}v_${name.text} = ${element}_at(${array}, ${array}i);`;
    return `{ ${head} for (int64_t ${array}i = 0; ${array}i < ${array}->length; ${array}i++) { ${item} ${this.inner(node.statement)} } }`;
  }

  private switch(node: ts.SwitchStatement): string {
    const clauses = node.caseBlock.clauses.map((clause) => {
      const label = ts.isDefaultClause(clause)
        ? "default"
        : `case ${this.expressions.as(clause.expression, int)}`;
      const lines = clause.statements.map((one) => this.of(one)).join(" ");
      return `${label}: ${lines === "" ? "" : `{ ${lines} }`}`;
    });
    return `switch (${this.expressions.as(node.expression, int)}) {\n${clauses.join("\n")}\n}`;
  }
}
