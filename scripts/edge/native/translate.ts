/**
 * One class of the sources, with all that it is made of, as C: the same TypeScript for a
 * host on which interpreting it would be slow.
 *
 * What can be translated: classes, functions, integers up to 2^53, booleans, typed arrays,
 * data in object literals, interfaces that classes implement. Objects are made in
 * constructors and last as long as the outermost one; what a method makes otherwise
 * (typed arrays, data) lasts until the next call from outside. Whatever else the sources
 * do fails the build, with the place. C differs from JavaScript where a program has a
 * defect: an index beyond its array reads 0, a division by zero is 0, and integers beyond
 * 2^63 wrap.
 */
import ts from "typescript";
import { bindingOf } from "./binding.ts";
import { type CType, CTypes, Untranslatable } from "./c-types.ts";
import { Constants } from "./constants.ts";
import { parameterType, type Program } from "./values.ts";
import { Statements } from "./statements.ts";
import { assertLasting } from "./stores.ts";

/** A C file that includes "native.h" and adds the class to the host's functions. @throws Untranslatable */
export function translateClass(input: {
  readonly path: string;
  readonly className: string;
  readonly tsconfigPath: string;
}): string {
  const config = ts.getParsedCommandLineOfConfigFile(
    input.tsconfigPath,
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (problem) => {
        throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, "\n"));
      },
    },
  );
  const program = ts.createProgram([input.path], { ...config?.options, noEmit: true });
  const source = program.getSourceFile(input.path);
  const declaration = source?.statements.find(
    (one): one is ts.ClassDeclaration =>
      ts.isClassDeclaration(one) && one.name?.text === input.className,
  );
  if (declaration === undefined) throw new Error(`${input.path}: no class ${input.className}`);
  return new Translator(program).translate(declaration);
}

interface Start {
  readonly position: number;
  readonly code: string;
}

class Translator implements Program {
  readonly checker: ts.TypeChecker;
  readonly types: CTypes;
  readonly constants: Constants;
  private readonly queue: (() => void)[] = [];
  private readonly asked = new Set<ts.Node>();
  private readonly classes: ts.ClassDeclaration[] = [];
  private readonly dispatchers = new Map<
    string,
    { readonly owner: ts.InterfaceDeclaration; readonly member: string }
  >();
  private readonly structs: string[] = [];
  private readonly prototypes: string[] = [];
  private readonly functions: string[] = [];
  private readonly globals: string[] = [];
  /** What fills the constants of a module. */
  private readonly starts = new Map<ts.SourceFile, Start[]>();
  private readonly program: ts.Program;

  constructor(program: ts.Program) {
    this.program = program;
    this.checker = program.getTypeChecker();
    this.types = new CTypes(this.checker);
    this.constants = new Constants(this.checker);
  }

  translate(declaration: ts.ClassDeclaration): string {
    const binding = bindingOf(this, declaration);
    this.work();
    const dispatched = this.dispatch();
    const starts = this.program
      .getSourceFiles()
      .flatMap((file) => [...(this.starts.get(file) ?? [])].sort(byPosition))
      .map((start) => start.code);
    const code = [
      '#include "native.h"',
      ...this.structs,
      ...this.globals,
      ...this.prototypes,
      ...dispatched,
      ...this.functions,
      `static void fill_constants(void) {\n${starts.join("\n")}\n}`,
      binding,
    ];
    return `${code.join("\n\n")}\n`;
  }

  private work(): void {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) next();
  }

  functionOf(declaration: ts.SignatureDeclaration): string {
    if (
      !ts.isFunctionDeclaration(declaration) &&
      !ts.isMethodDeclaration(declaration) &&
      !ts.isGetAccessorDeclaration(declaration)
    )
      throw new Untranslatable(declaration, "no function");
    const owner = ts.isClassDeclaration(declaration.parent) ? declaration.parent : undefined;
    const name =
      owner === undefined
        ? this.types.nameOf(declaration)
        : `${this.types.nameOf(owner)}_${(declaration.name as ts.Identifier).text}`;
    this.once(declaration, () => {
      if (owner !== undefined) this.useClass(owner);
      this.emitFunction(name, declaration, owner);
    });
    return name;
  }

  constructorOf(declaration: ts.ClassDeclaration): string {
    const name = `${this.types.nameOf(declaration)}_new`;
    const maker = declaration.members.find(ts.isConstructorDeclaration);
    this.once(maker ?? declaration, () => {
      this.classes.push(declaration);
      this.emitConstructor(name, declaration, maker);
    });
    this.useClass(declaration);
    return name;
  }

  dispatcherOf(owner: ts.InterfaceDeclaration, member: string): string {
    const name = `${this.types.nameOf(owner)}_${member}`;
    this.dispatchers.set(name, { owner, member });
    return name;
  }

  globalOf(declaration: ts.VariableDeclaration): string {
    const name = this.types.nameOf(declaration);
    this.once(declaration, () => {
      const type = this.types.at(declaration.name);
      this.globals.push(`static ${this.types.declare(type)}${name};`);
      const starts = this.startsOf(declaration.getSourceFile());
      if (declaration.initializer === undefined) return;
      const { expressions } = new Statements(this, { kind: "void" }, true);
      const code = `${name} = ${expressions.as(declaration.initializer, type)};`;
      starts.push({ position: declaration.pos, code });
    });
    return name;
  }

  useRecord(type: CType & { readonly kind: "record" }): void {
    this.once(type.declaration, () => {
      const fields = this.checker.getPropertiesOfType(type.type).map((property) => {
        const fieldType = this.types.of(this.checker.getTypeOfSymbol(property), type.declaration);
        if (fieldType.kind === "record") this.useRecord(fieldType);
        return `  ${this.types.declare(fieldType)}f_${property.name};`;
      });
      this.structs.push(
        `struct ${this.types.nameOf(type.declaration)} {\n${fields.join("\n")}\n};`,
      );
    });
  }

  private once(node: ts.Node, emit: () => void): void {
    if (this.asked.has(node)) return;
    this.asked.add(node);
    this.queue.push(emit);
  }

  private readonly structOf = new Set<ts.ClassDeclaration>();

  private useClass(declaration: ts.ClassDeclaration): void {
    if (this.structOf.has(declaration)) return;
    this.structOf.add(declaration);
    const fields = declaration.members
      .filter(ts.isPropertyDeclaration)
      .map((field) => `  ${this.types.declare(this.types.at(field))}f_${field.name.getText()};`);
    const name = this.types.nameOf(declaration);
    this.structs.push(`struct ${name} {\n  struct object head;\n${fields.join("\n")}\n};`);
  }

  private emitFunction(
    name: string,
    declaration: ts.FunctionDeclaration | ts.MethodDeclaration | ts.GetAccessorDeclaration,
    owner: ts.ClassDeclaration | undefined,
  ): void {
    const signature = this.checker.getSignatureFromDeclaration(declaration);
    if (signature === undefined || declaration.body === undefined)
      throw new Untranslatable(declaration, "no body");
    const returns = this.types.of(signature.getReturnType(), declaration);
    const statements = new Statements(this, returns, false);
    const self = owner === undefined ? [] : [`struct ${this.types.nameOf(owner)} *self`];
    const head = this.headOf(name, returns, [...self, ...this.parameters(declaration.parameters)]);
    this.prototypes.push(`${head};`);
    const body = this.bodyOf(statements, declaration.parameters, declaration.body);
    this.functions.push(`${head} ${body}`);
  }

  private emitConstructor(
    name: string,
    declaration: ts.ClassDeclaration,
    maker: ts.ConstructorDeclaration | undefined,
  ): void {
    const type: CType = { kind: "class", declaration };
    const statements = new Statements(this, { kind: "void" }, true);
    const parameters = maker?.parameters ?? ([] as readonly ts.ParameterDeclaration[]);
    const head = this.headOf(name, type, this.parameters(parameters));
    this.prototypes.push(`${head};`);
    const fields = declaration.members.filter(ts.isPropertyDeclaration).flatMap((field) => {
      if (field.initializer === undefined) return [];
      const fieldType = this.types.at(field);
      if (fieldType.kind === "array") assertLasting(statements.expressions, field.initializer);
      const value = statements.expressions.as(field.initializer, fieldType);
      return [`self->f_${field.name.getText()} = ${value};`];
    });
    const body = maker?.body === undefined ? "" : this.bodyOf(statements, parameters, maker.body);
    const number = this.classes.indexOf(declaration) + 1;
    const struct = `struct ${this.types.nameOf(declaration)}`;
    this.functions.push(
      [
        `${head} {`,
        `${struct} *self = take(sizeof *self, true);`,
        `self->head.class_number = ${number};`,
        ...fields,
        body,
        "return self;",
        "}",
      ].join("\n"),
    );
  }

  private headOf(name: string, returns: CType, parameters: readonly string[]): string {
    const list = parameters.length === 0 ? "void" : parameters.join(", ");
    return `static ${this.types.declare(returns)}${name}(${list})`;
  }

  private parameters(parameters: readonly ts.ParameterDeclaration[]): readonly string[] {
    return parameters.map((parameter) => {
      const type = parameterType(this.types, parameter);
      return `${this.types.declare(type)}v_${(parameter.name as ts.Identifier).text}`;
    });
  }

  private bodyOf(
    statements: Statements,
    parameters: readonly ts.ParameterDeclaration[],
    body: ts.Block,
  ): string {
    const defaults = parameters.flatMap((parameter) => {
      if (parameter.initializer === undefined) return [];
      const name = `v_${(parameter.name as ts.Identifier).text}`;
      const value = statements.expressions.as(parameter.initializer, this.types.at(parameter));
      return [`if (${name} == UNDEFINED) ${name} = ${value};`];
    });
    return `{\n${defaults.join("\n")}\n${statements.block(body)}\n}`;
  }

  /** Of a module of which a constant is used: with it come the loops that fill its tables. */
  private startsOf(file: ts.SourceFile): Start[] {
    const known = this.starts.get(file);
    if (known !== undefined) return known;
    const starts: Start[] = [];
    this.starts.set(file, starts);
    const statements = new Statements(this, { kind: "void" }, true);
    for (const statement of file.statements)
      if (ts.isForStatement(statement) || ts.isExpressionStatement(statement))
        starts.push({ position: statement.pos, code: statements.of(statement) });
    return starts;
  }

  /** One function for each method that is called through an interface: it looks whose it is. */
  private dispatch(): readonly string[] {
    const done = new Map<string, string>();
    for (let isNew = true; isNew; ) {
      isNew = false;
      for (const [name, { owner, member }] of [...this.dispatchers]) {
        const code = this.dispatcher(name, owner, member);
        isNew ||= done.get(name) !== code;
        done.set(name, code);
      }
      this.work();
    }
    const heads = [...done.values()].map((code) => `${code.slice(0, code.indexOf("{")).trim()};`);
    this.prototypes.push(...heads);
    return [...done.values()];
  }

  private dispatcher(name: string, owner: ts.InterfaceDeclaration, member: string): string {
    const signature = owner.members.find((one) => one.name?.getText() === member);
    if (signature === undefined) throw new Untranslatable(owner, `no ${member}`);
    const isMethod = ts.isMethodSignature(signature);
    const declared = isMethod ? this.checker.getSignatureFromDeclaration(signature) : undefined;
    const returns =
      declared === undefined
        ? this.types.at(signature)
        : this.types.of(declared.getReturnType(), signature);
    const parameters = isMethod ? signature.parameters : ([] as readonly ts.ParameterDeclaration[]);
    const cases = this.classes
      .filter((one) => this.isImplementing(one, owner))
      .map((one) => {
        const number = this.classes.indexOf(one) + 1;
        const self = `(struct ${this.types.nameOf(one)} *)self`;
        const value = this.memberOf(one, member, self, parameters);
        return `case ${number}: ${returns.kind === "void" ? `${value}; return;` : `return ${value};`}`;
      });
    const head = this.headOf(name, returns, [
      "struct object *self",
      ...this.parameters(parameters),
    ]);
    return `${head} {\nswitch (self->class_number) {\n${cases.join("\n")}\ndefault: no_such_class();\n}\n}`;
  }

  private memberOf(
    owner: ts.ClassDeclaration,
    name: string,
    self: string,
    parameters: readonly ts.ParameterDeclaration[],
  ): string {
    const member = owner.members.find((one) => one.name?.getText() === name);
    if (member !== undefined && ts.isMethodDeclaration(member)) {
      // It may take fewer arguments than the interface has.
      const given = parameters
        .slice(0, member.parameters.length)
        .map((parameter) => `v_${(parameter.name as ts.Identifier).text}`);
      return `${this.functionOf(member)}(${[self, ...given].join(", ")})`;
    }
    if (member !== undefined && ts.isGetAccessorDeclaration(member))
      return `${this.functionOf(member)}(${self})`;
    if (member !== undefined && ts.isPropertyDeclaration(member)) return `(${self})->f_${name}`;
    throw new Untranslatable(owner, `no ${name}`);
  }

  private isImplementing(one: ts.ClassDeclaration, owner: ts.InterfaceDeclaration): boolean {
    const clauses = one.heritageClauses ?? ([] as readonly ts.HeritageClause[]);
    return clauses.some(
      ({ token, types }) =>
        token === ts.SyntaxKind.ImplementsKeyword &&
        types.some(
          (type) => this.checker.getTypeAtLocation(type).symbol.declarations?.[0] === owner,
        ),
    );
  }
}

function byPosition(a: Start, b: Start): number {
  return a.position - b.position;
}
