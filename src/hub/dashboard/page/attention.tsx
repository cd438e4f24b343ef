/** What needs a person, most pressing first. */
import type { Attention } from "../../overview/overview-types.ts";
import { inLocalTime } from "./format.ts";
import { Icon, levelWords } from "./icons.tsx";

export function AttentionList({
  items,
  left,
  named,
}: {
  items: readonly Attention[];
  left: number;
  /** Whether to say which clinic it is about. */
  named: boolean;
}) {
  return (
    <ul class="attention">
      {keyed(items).map(({ key, item }) => (
        <li key={key} class={item.level}>
          <Icon sign={item.level} />
          <div>
            <p class="what">
              <span class="level">{levelWords[item.level]}</span>
              {named && <Where node={item.node} />}
              {named ? `: ${inLocalTime(item.text)}` : capital(inLocalTime(item.text))}
              {item.code !== "" && <span class="code">{item.code}</span>}
            </p>
            <p class="todo">{capital(item.todo)}</p>
          </div>
        </li>
      ))}
      {left > 0 && <li class="more">and {left} more, less pressing</li>}
    </ul>
  );
}

/** Keys without the text: when a number in it changes, the link in the item keeps the focus. */
function keyed(items: readonly Attention[]): readonly { key: string; item: Attention }[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const subject = `${item.node} ${item.kind} ${item.code}`;
    const nth = seen.get(subject) ?? 0;
    seen.set(subject, nth + 1);
    return { key: `${subject} ${nth}`, item };
  });
}

function Where({ node }: { node: string }) {
  if (node === "") return <strong>This hub</strong>;
  return <a href={`#/clinic/${node}`}>{node}</a>;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
