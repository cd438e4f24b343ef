/** What is asked of the hub again and again: after a while, and soon after its number of syncs moved. */
import { useEffect, useRef, useState } from "preact/hooks";

const reloadMs = 30_000;
/** Many clinics syncing at once are one question. */
const settleMs = 2_000;

/**
 * The newest answer to `ask`; undefined until the first one to the present `subject` is there. When the
 * hub does not answer, what is shown stays: the header says so.
 */
export function usePolled<T>(subject: string, syncs: number, ask: () => Promise<T>): T | undefined {
  const [told, setTold] = useState<{ readonly subject: string; readonly answer: T }>();
  const [soon, setSoon] = useState(0);
  const known = useRef(syncs);
  useEffect(() => {
    let isGone = false;
    const load = (): void => {
      ask().then(
        (answer) => isGone || setTold({ subject, answer }),
        () => undefined,
      );
    };
    load();
    const timer = setInterval(load, reloadMs);
    return () => {
      isGone = true;
      clearInterval(timer);
    };
  }, [subject, soon]);
  useEffect(() => {
    if (syncs === known.current) return undefined;
    const timer = setTimeout(() => {
      known.current = syncs;
      setSoon((count) => count + 1);
    }, settleMs);
    return () => clearTimeout(timer);
  }, [syncs]);
  return told?.subject === subject ? told.answer : undefined;
}
