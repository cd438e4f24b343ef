/** Operators of JavaScript, and what they are in C: signs, and functions of native.h. */
import ts from "typescript";

export const comparisons: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.LessThanToken]: "<",
  [ts.SyntaxKind.LessThanEqualsToken]: "<=",
  [ts.SyntaxKind.GreaterThanToken]: ">",
  [ts.SyntaxKind.GreaterThanEqualsToken]: ">=",
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: "==",
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "!=",
};

/** Functions and macros of native.h. */
export const operators: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.PlusToken]: "add",
  [ts.SyntaxKind.MinusToken]: "subtract",
  [ts.SyntaxKind.AsteriskToken]: "multiply",
  [ts.SyntaxKind.AsteriskAsteriskToken]: "power",
  [ts.SyntaxKind.PercentToken]: "remainder_of",
  [ts.SyntaxKind.AmpersandToken]: "bit_and",
  [ts.SyntaxKind.BarToken]: "bit_or",
  [ts.SyntaxKind.CaretToken]: "bit_xor",
  [ts.SyntaxKind.LessThanLessThanToken]: "shift_left",
  [ts.SyntaxKind.GreaterThanGreaterThanToken]: "shift_right",
  [ts.SyntaxKind.GreaterThanGreaterThanGreaterThanToken]: "shift_right_unsigned",
};

export const assignments: Readonly<Partial<Record<ts.SyntaxKind, ts.SyntaxKind>>> = {
  [ts.SyntaxKind.PlusEqualsToken]: ts.SyntaxKind.PlusToken,
  [ts.SyntaxKind.MinusEqualsToken]: ts.SyntaxKind.MinusToken,
  [ts.SyntaxKind.AsteriskEqualsToken]: ts.SyntaxKind.AsteriskToken,
  [ts.SyntaxKind.PercentEqualsToken]: ts.SyntaxKind.PercentToken,
  [ts.SyntaxKind.AmpersandEqualsToken]: ts.SyntaxKind.AmpersandToken,
  [ts.SyntaxKind.BarEqualsToken]: ts.SyntaxKind.BarToken,
  [ts.SyntaxKind.CaretEqualsToken]: ts.SyntaxKind.CaretToken,
  [ts.SyntaxKind.LessThanLessThanEqualsToken]: ts.SyntaxKind.LessThanLessThanToken,
  [ts.SyntaxKind.GreaterThanGreaterThanEqualsToken]: ts.SyntaxKind.GreaterThanGreaterThanToken,
};
