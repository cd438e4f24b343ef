/** `token create`, `list` and `revoke`. */
import type { TokenRow } from "../engine/index.ts";
import { agoToText, printable, tableToText, type View } from "./text.ts";

export type CreatedFacts = TokenRow & { readonly token: string };
export type RevokedTokenFacts = TokenRow & { readonly isRepeat: boolean };

export type TokenStateName = "valid" | "revoked" | "expired";

export function tokenCreatedToText(created: CreatedFacts, view: View): string {
  const { style } = view;
  const limits = [
    `may ${created.scopes.join(" and ")}`,
    created.nodes.length === 0 ? "of all nodes" : `of ${created.nodes.join(", ")} only`,
    created.expiresAt === null ? "does not expire" : `until ${created.expiresAt.slice(0, 16)}Z`,
  ];
  return [
    `${style.green("made")} token ${style.bold(created.id)}: ${limits.join(", ")}`,
    `  ${created.token}`,
    "this is shown once and stored nowhere: keep it now",
  ].join("\n");
}

export function tokenToJson(row: TokenRow, state: TokenStateName): object {
  return { ...row, state };
}

export function tokenCreatedToJson(created: CreatedFacts): object {
  return { ...created, state: "valid" };
}

export function tokensToText(
  rows: readonly { readonly row: TokenRow; readonly state: TokenStateName }[],
  view: View,
): string {
  if (rows.length === 0) return "no tokens yet: zamsync token create makes one";
  const cells = rows.map(({ row, state }) => [
    row.id,
    state,
    row.scopes.join(","),
    row.nodes.length === 0 ? "all" : row.nodes.join(","),
    agoToText(row.createdAt, view.nowMs),
    row.expiresAt === null ? "never" : row.expiresAt.slice(0, 10),
    printable(row.label),
  ]);
  const titles = ["TOKEN", "STATE", "SCOPES", "NODES", "MADE", "EXPIRES", "LABEL"];
  return tableToText(
    titles.map((title) => ({ title })),
    cells,
    view.style,
  );
}

export function tokenRevokedToText(revoked: RevokedTokenFacts, view: View): string {
  const { id, isRepeat, revokedAt } = revoked;
  if (isRepeat && revokedAt !== null)
    return `token ${view.style.bold(id)} was revoked already, ${agoToText(revokedAt, view.nowMs)}`;
  return `${view.style.green("revoked")} token ${view.style.bold(id)}: no request with it is answered any more`;
}

export function tokenRevokedToJson(revoked: RevokedTokenFacts): object {
  const { isRepeat, ...row } = revoked;
  return { ...row, state: "revoked", repeat: isRepeat };
}
