/** Numbers that are known when the program is made: literals, constants, and what is reckoned from them. */
import ts from "typescript";

export class Constants {
  private readonly checker: ts.TypeChecker;

  constructor(checker: ts.TypeChecker) {
    this.checker = checker;
  }

  /** The number, or undefined when it is none or not known. */
  valueOf(node: ts.Expression): number | undefined {
    if (ts.isNumericLiteral(node)) return Number(node.text);
    if (ts.isParenthesizedExpression(node)) return this.valueOf(node.expression);
    if (ts.isAsExpression(node)) return this.valueOf(node.expression);
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
      const value = this.valueOf(node.operand);
      return value === undefined ? undefined : -value;
    }
    if (ts.isBinaryExpression(node)) return this.reckon(node);
    if (ts.isIdentifier(node) || ts.isPropertyAccessExpression(node)) {
      const initializer = this.initializerOf(node);
      return initializer === undefined ? undefined : this.valueOf(initializer);
    }
    return undefined;
  }

  symbolOf(node: ts.Node): ts.Symbol | undefined {
    const symbol = this.checker.getSymbolAtLocation(node);
    if (symbol === undefined || (symbol.flags & ts.SymbolFlags.Alias) === 0) return symbol;
    return this.checker.getAliasedSymbol(symbol);
  }

  /** Of a constant, or of a property of an object that is one. */
  private initializerOf(node: ts.Expression): ts.Expression | undefined {
    const declaration = this.symbolOf(
      ts.isPropertyAccessExpression(node) ? node.name : node,
    )?.valueDeclaration;
    if (declaration === undefined) return undefined;
    if (ts.isVariableDeclaration(declaration))
      return (declaration.parent.flags & ts.NodeFlags.Const) === 0
        ? undefined
        : declaration.initializer;
    const isConst =
      ts.isPropertyAssignment(declaration) &&
      ts.isAsExpression(declaration.parent.parent) &&
      ts.isConstTypeReference(declaration.parent.parent.type);
    return isConst ? declaration.initializer : undefined;
  }

  private reckon(node: ts.BinaryExpression): number | undefined {
    const left = this.valueOf(node.left);
    const right = this.valueOf(node.right);
    if (left === undefined || right === undefined) return undefined;
    switch (node.operatorToken.kind) {
      case ts.SyntaxKind.PlusToken:
        return left + right;
      case ts.SyntaxKind.MinusToken:
        return left - right;
      case ts.SyntaxKind.AsteriskToken:
        return left * right;
      case ts.SyntaxKind.SlashToken:
        return left / right;
      case ts.SyntaxKind.AsteriskAsteriskToken:
        return left ** right;
      case ts.SyntaxKind.LessThanLessThanToken:
        return left << right;
      default:
        return undefined;
    }
  }
}
