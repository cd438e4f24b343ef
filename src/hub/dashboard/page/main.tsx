/** The dashboard: "is every clinic safe and current?" at a glance, then what needs a person, then the rest. */
import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Overview } from "../../overview/overview-types.ts";
import { answerText, foldNever } from "./answer.ts";
import { ApiProblem, followOverview, signIn, signOut } from "./api.ts";
import { AttentionList } from "./attention.tsx";
import { Charts } from "./charts.tsx";
import { ClinicPage } from "./clinic-page.tsx";
import { ClinicTable } from "./clinic-table.tsx";
import { counted, grouped } from "../../../core/counted.ts";
import { bytes, clock } from "./format.ts";
import { Icon, type Sign } from "./icons.tsx";
import { Login } from "./login.tsx";
import { SyncTimeline } from "./sync-timeline.tsx";

const retryMs = 3000;
const tickMs = 5000;

interface Live {
  overview: Overview | undefined;
  /** Hub's clock less this browser's, which may be as wrong as a clinic's. */
  offsetMs: number;
  isConnected: boolean;
}

/** "asking": nobody knows yet whether this browser has been signed in before. */
type Door = "asking" | "open" | "shut";

function App() {
  const [door, setDoor] = useState<Door>("asking");
  const [problem, setProblem] = useState<ApiProblem | undefined>();
  const [live, setLive] = useState<Live>(nothingYet);
  const node = useNamedClinic();
  const nowMs = useNow() + live.offsetMs;
  useEffect(() => {
    if (door === "shut") return undefined;
    const stop = new AbortController();
    void follow(stop.signal, setLive, (why) => {
      // Asking without having been signed in is no failure that anybody needs to read.
      if (door === "open" || why.status !== 401) setProblem(why);
      setLive(nothingYet);
      setDoor("shut");
    });
    return () => stop.abort();
  }, [door]);
  useShortcuts();
  const { overview } = live;
  const urgent = overview === undefined ? 0 : overview.counts.urgent;
  useEffect(() => {
    document.title = `${urgent > 0 ? `(${urgent}!) ` : ""}${node === undefined ? "Clinics" : node} · ZamSync`;
  }, [urgent, node]);
  if (door === "shut")
    return (
      <Login
        problem={problem}
        onToken={(token) => {
          setProblem(undefined);
          signIn(token).then(
            () => setDoor("open"),
            (error) => setProblem(toProblem(error)),
          );
        }}
      />
    );
  const leave = (): void => {
    setLive(nothingYet);
    setDoor("shut");
    signOut().catch((error) => setProblem(toProblem(error)));
  };
  return (
    <>
      <button type="button" class="skip" onClick={focusMain}>
        Skip to what matters
      </button>
      <header>
        <a class="home" href="#/">
          ZamSync{overview !== undefined && <span class="hub-name"> {overview.hub.node}</span>}
        </a>
        <LiveSign live={live} nowMs={nowMs} />
        <button type="button" onClick={leave}>
          Sign out
        </button>
      </header>
      {overview === undefined ? (
        <main id="main" tabIndex={-1}>
          <p class="empty" role="status">
            Asking the hub…
          </p>
        </main>
      ) : node === undefined ? (
        <Home overview={overview} nowMs={nowMs} />
      ) : (
        <ClinicPage overview={overview} node={node} nowMs={nowMs} />
      )}
      {overview !== undefined && <Footer overview={overview} />}
    </>
  );
}

const nothingYet: Live = { overview: undefined, offsetMs: 0, isConnected: false };

function toProblem(error: unknown): ApiProblem {
  return error instanceof ApiProblem ? error : new ApiProblem(0, "the hub does not answer", "");
}

/** Stays connected, through restarts of the hub, until the hub refuses this browser. */
async function follow(
  signal: AbortSignal,
  setLive: (update: (live: Live) => Live) => void,
  refused: (why: ApiProblem) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await followOverview((overview) => {
        const offsetMs = Date.parse(overview.at) - Date.now();
        if (!signal.aborted) setLive(() => ({ overview, offsetMs, isConnected: true }));
      }, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiProblem && (error.status === 401 || error.status === 403))
        return refused(error);
    }
    setLive((live) => ({ ...live, isConnected: false }));
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

function Home({ overview, nowMs }: { overview: Overview; nowMs: number }) {
  const { attention, attentionLeft, clinics } = overview;
  const { items, never } = foldNever(attention);
  return (
    <main id="main" tabIndex={-1}>
      <Answer overview={overview} />
      <Tiles overview={overview} />
      {attention.length > 0 && (
        <section aria-labelledby="attention-title" aria-live="polite">
          <h2 id="attention-title">Needs a person</h2>
          <AttentionList items={items} left={attentionLeft} named={true} />
          {never > 0 && (
            <p class="empty">
              {grouped(never)} clinics have a certificate and have never synced: the table says
              which.
            </p>
          )}
        </section>
      )}
      <ClinicTable clinics={clinics} nowMs={nowMs} />
      <Charts syncs={overview.today.syncs} />
      <SyncTimeline syncs={overview.today.syncs} nowMs={nowMs} />
    </main>
  );
}

/** The one line that answers the question. */
function Answer({ overview }: { overview: Overview }) {
  const { counts } = overview;
  const sign: Sign = counts.urgent > 0 ? "urgent" : counts.soon > 0 ? "soon" : "ok";
  return (
    <h1 class="answer">
      <Icon sign={sign} />
      <span role="status">{answerText(overview)}</span>
    </h1>
  );
}

function Tiles({ overview }: { overview: Overview }) {
  const { counts, today, clinics, hub } = overview;
  let toCome = 0;
  let toGo = 0;
  for (const { pendingIn, pendingOut } of clinics) {
    toCome += pendingIn || 0;
    toGo += pendingOut || 0;
  }
  const tiles: [string, string, string][] = [
    [
      "Connected",
      `${grouped(counts.connected)} of ${grouped(counts.clinics)}`,
      counts.quiet > 0 ? `${grouped(counts.quiet)} quiet for too long` : "none quiet for too long",
    ],
    [
      "Waiting",
      toCome === 0 && toGo === 0 ? "Nothing" : grouped(toCome + toGo),
      `${grouped(toCome)} to come, ${grouped(toGo)} to go`,
    ],
    [
      "Events today",
      grouped(today.events),
      `${counted(today.syncs, "sync")}, ${today.failures === 0 ? "none" : grouped(today.failures)} failed`,
    ],
    ["Data today", bytes(today.bytes), "both ways"],
    [
      "Hub",
      counted(hub.records, "event"),
      `${bytes(hub.logBytes)}${hub.diskFreeBytes === null ? "" : `, ${bytes(hub.diskFreeBytes)} free`}`,
    ],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            <span class="sub">{more}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function LiveSign({ live, nowMs }: { live: Live; nowMs: number }) {
  const { overview, isConnected } = live;
  const isLive = isConnected && overview !== undefined;
  return (
    <p class={`live ${isLive ? "on" : "off"}`} role="status">
      <Icon sign={isLive ? "ok" : "off"} />
      {isLive
        ? `Live, ${clock(nowMs)}`
        : overview === undefined
          ? "Connecting"
          : `No answer since ${clock(Date.parse(overview.at))}`}
    </p>
  );
}

function Footer({ overview }: { overview: Overview }) {
  const { hub, quietAfterMs } = overview;
  return (
    <footer>
      ZamSync {hub.version}. The log is {hub.isEncrypted ? "encrypted" : "not encrypted"}. A clinic
      counts as quiet after {Math.round(quietAfterMs / 3_600_000) || "less than 1"} h. Keys:{" "}
      <kbd>/</kbd> find, <kbd>g</kbd> all clinics.
    </footer>
  );
}

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** "#/clinic/NODE" names one; everything else is the list. */
function useNamedClinic(): string | undefined {
  const read = (): string | undefined => {
    const found = /^#\/clinic\/([a-z0-9._-]{1,63})$/.exec(location.hash);
    return found === null ? undefined : found[1];
  };
  const [node, setNode] = useState(read());
  useEffect(() => {
    const follow = (): void => setNode(read());
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  const shown = useRef(node);
  // As soon as the other page is there: a key pressed right after must find the focus in it.
  useLayoutEffect(() => {
    if (shown.current === node) return;
    shown.current = node;
    window.scrollTo(0, 0);
    focusMain();
  }, [node]);
  return node;
}

function focusMain(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

function useShortcuts(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const { target } = event;
      const isTyping = target instanceof HTMLInputElement;
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "g") location.hash = "#/";
      const find = document.getElementById("find");
      if (event.key !== "/" || find === null) return;
      event.preventDefault();
      find.focus();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

const root = document.getElementById("app");
if (root !== null) render(<App />, root);
