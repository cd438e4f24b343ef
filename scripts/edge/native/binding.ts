/** How JavaScript reaches a translated class: the same constructor, methods and getters. */
import ts from "typescript";
import { type CType, Untranslatable } from "./c-types.ts";
import type { Program } from "./values.ts";

interface Member {
  readonly name: string;
  readonly code: string;
  readonly entry: string;
}

export function bindingOf(program: Program, declaration: ts.ClassDeclaration): string {
  const name = program.types.nameOf(declaration);
  const className = declaration.name?.text ?? "";
  const declared = declaration.members.find(ts.isConstructorDeclaration);
  const parameters = declared?.parameters ?? ([] as readonly ts.ParameterDeclaration[]);
  const maker = program.constructorOf(declaration);
  const kept = parameters.find((one) => program.types.at(one).kind === "array");
  if (kept !== undefined) throw new Untranslatable(kept, "bytes of JavaScript's in a constructor");
  const make = callOf(
    program,
    parameters,
    (given) => `machine->root = ${maker}(${given.join(", ")});`,
  );
  const members = declaration.members.flatMap((member) => memberOf(program, name, member));
  return [
    "static JSClassID class_id;",
    ...members.map(({ code }) => code),
    `static JSValue construct(JSContext *ctx, JSValueConst target, int argc, JSValueConst *argv) {
  (void)argc; (void)argv;
  struct machine *machine = new_machine();
  JSValue object = machine == NULL ? JS_ThrowOutOfMemory(ctx) : new_native(ctx, target, class_id, machine);
  if (JS_IsException(object)) return object;
  if (setjmp(machine->escape) != 0) { JS_FreeValue(ctx, object); return JS_ThrowOutOfMemory(ctx); }
  enter(machine, fill_constants);
${make.code}
  return object;
failed:
  JS_FreeValue(ctx, object);
  return JS_EXCEPTION;
}`,
    `static const JSCFunctionListEntry members[] = {\n${members.map(({ entry }) => `  ${entry},`).join("\n")}\n};`,
    `void add_${snakeCase(className)}(JSContext *ctx, JSValueConst object) {
  add_native(ctx, object, &class_id, "${className}", construct, ${parameters.length}, members, sizeof members / sizeof members[0]);
}`,
  ].join("\n\n");
}

function snakeCase(name: string): string {
  return name.replaceAll(/(?<!^)[A-Z]/g, "_$&").toLowerCase();
}

function memberOf(program: Program, owner: string, member: ts.ClassElement): readonly Member[] {
  const isMethod = ts.isMethodDeclaration(member);
  if (!isMethod && !ts.isGetAccessorDeclaration(member)) return [];
  const isPrivate = member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);
  if (isPrivate === true) return [];
  const name = (member.name as ts.Identifier).text;
  const signature = program.checker.getSignatureFromDeclaration(member);
  if (signature === undefined) throw new Untranslatable(member, "no signature");
  const returns = program.types.of(signature.getReturnType(), member);
  const call = program.functionOf(member);
  const body = callOf(program, member.parameters, (given) =>
    answer(
      returns,
      `${call}(${[`(struct ${owner} *)machine->root`, ...given].join(", ")})`,
      member,
    ),
  );
  const parameters = isMethod
    ? "JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv"
    : "JSContext *ctx, JSValueConst self";
  const unused = isMethod ? "  (void)argc; (void)argv;\n" : "";
  const code = `static JSValue bound_${name}(${parameters}) {
${unused}  struct machine *machine = JS_GetOpaque2(ctx, self, class_id);
  if (machine == NULL) return JS_EXCEPTION;
  if (machine->is_broken) return JS_ThrowTypeError(ctx, "ran out of memory before");
  if (setjmp(machine->escape) != 0) return JS_ThrowOutOfMemory(ctx);
  enter(machine, fill_constants);
${body.code}${body.canFail ? "\nfailed:\n  return JS_EXCEPTION;" : ""}
}`;
  const entry = isMethod
    ? `JS_CFUNC_DEF("${name}", ${member.parameters.length}, bound_${name})`
    : `JS_CGETSET_DEF("${name}", bound_${name}, NULL)`;
  return [{ name, code, entry }];
}

function callOf(
  program: Program,
  parameters: readonly ts.ParameterDeclaration[],
  use: (given: readonly string[]) => string,
): { readonly code: string; readonly canFail: boolean } {
  const lines = parameters.map((parameter, i) => {
    const type = program.types.at(parameter);
    const target = `a${i}`;
    if (type.kind === "int")
      return `  int64_t ${target}; if (!get_integer(ctx, argv[${i}], &${target})) goto failed;`;
    if (type.kind === "array" && type.element === "u8")
      return `  struct u8 *${target}; if (!get_array(ctx, argv[${i}], &${target})) goto failed;`;
    throw new Untranslatable(parameter, "nothing that comes from JavaScript");
  });
  const given = parameters.map((_, i) => `a${i}`);
  return { code: [...lines, `  ${use(given)}`].join("\n"), canFail: parameters.length > 0 };
}

function answer(type: CType, call: string, node: ts.Node): string {
  switch (type.kind) {
    case "void":
      return `${call}; return JS_UNDEFINED;`;
    case "int":
      return `return JS_NewInt64(ctx, ${call});`;
    case "bool":
      return `return JS_NewBool(ctx, ${call});`;
    case "array":
      return `{ struct u8 *bytes = ${call}; return new_bytes(ctx, bytes->data, (size_t)bytes->length); }`;
    default:
      throw new Untranslatable(node, "nothing that goes to JavaScript");
  }
}
