/** Asks for a token, once in a browser. */
import { useState } from "preact/hooks";
import type { ApiProblem } from "./api.ts";

export function Login({
  problem,
  onToken,
}: {
  problem: ApiProblem | undefined;
  onToken: (token: string) => void;
}) {
  const [token, setToken] = useState("");
  return (
    <main class="login" id="main" tabIndex={-1}>
      <h1>ZamSync hub</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim() !== "") onToken(token.trim());
        }}
      >
        <label for="token">Access token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          value={token}
          aria-describedby="token-help"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        {problem !== undefined && (
          <p class="problem" role="alert">
            {problem.message}
            {problem.hint !== "" && <span class="sub">{problem.hint}</span>}
          </p>
        )}
        <button type="submit" class="primary">
          Look
        </button>
        <p id="token-help" class="fine">
          Whoever runs the hub makes one: <code>zamsync token create --scope read</code>. This
          browser stays signed in for 30 days, or until the token is revoked.
        </p>
      </form>
    </main>
  );
}
