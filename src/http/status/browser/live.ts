/**
 * Keeps the status page up to date. The server sends the parts that have changed as they are to look; they are worked
 * into the page node by node, so that focus, scrolling, selection and what was opened stay.
 */

interface News {
  build: string;
  /** Content by id of the element. */
  parts: Record<string, string>;
}

/** Without news for so long, the numbers are old. The server sends some every second. */
const OLD_AFTER_MS = 5_000;
/** Where the browser itself does not try again. */
const RETRY_MS = 5_000;

const connection = document.getElementById("connection") as HTMLElement;
let source: EventSource | undefined;
let retrying: ReturnType<typeof setTimeout> | undefined;
/** When the numbers are from. */
let heardMs = Date.now();
/** Since when some should have come. */
let waitingMs = heardMs;

/** A page that nobody sees costs the server nothing. */
function connectIfSeen(): void {
  source?.close();
  clearTimeout(retrying);
  if (document.hidden) return;
  const opened = new EventSource(`/events${location.search}`);
  opened.onmessage = ({ data }) => take(JSON.parse(data));
  opened.onerror = () => {
    if (opened.readyState === EventSource.CLOSED) retrying = setTimeout(connectIfSeen, RETRY_MS);
  };
  source = opened;
}

function take({ build, parts }: News): void {
  if (build !== document.documentElement.dataset.build) {
    location.reload();
    return;
  }
  heardMs = Date.now();
  waitingMs = heardMs;
  for (const [id, content] of Object.entries(parts)) {
    const part = document.getElementById(id);
    if (part === null) continue;
    const wanted = part.cloneNode(false) as Element;
    wanted.innerHTML = content;
    update(part, wanted);
  }
  tell("live", "Live");
}

/** Makes `present` the same as `wanted`, with as few changes as the order of nodes allows. */
function update(present: Element, wanted: Element): void {
  updateAttributes(present, wanted);
  const olds = [...present.childNodes];
  const nodes = [...wanted.childNodes];
  for (const [index, node] of nodes.entries()) {
    const old = olds[index];
    if (old === undefined) present.append(node);
    else if (old.nodeName !== node.nodeName) old.replaceWith(node);
    else if (old instanceof Element) update(old, node as Element);
    else if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
  }
  for (const rest of olds.slice(nodes.length)) rest.remove();
}

function updateAttributes(present: Element, wanted: Element): void {
  for (const { name } of [...present.attributes]) {
    // The reader opens and closes details.
    if (!wanted.hasAttribute(name) && name !== "open") present.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  }
}

function watch(): void {
  if (document.hidden || Date.now() - waitingMs < OLD_AFTER_MS) return;
  const since = new Date(heardMs).toLocaleTimeString();
  tell("old", `No answer from the server since ${since}. The numbers are from then; trying again.`);
}

/** Read aloud when it changes, so only then is it touched. */
function tell(state: string, text: string): void {
  if (connection.textContent === text) return;
  connection.dataset.state = state;
  connection.textContent = text;
  document.documentElement.classList.toggle("is-old", state === "old");
}

document.addEventListener("visibilitychange", () => {
  waitingMs = Date.now();
  connectIfSeen();
});
setInterval(watch, 1_000);
connectIfSeen();
