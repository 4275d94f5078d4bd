/**
 * Keeps the status page up to date. The server sends the HTML of changed parts. The script updates the page node by
 * node, so focus, scrolling, selection and opened details stay.
 */

interface Update {
  build: string;
  /** HTML by element id. */
  parts: Record<string, string>;
}

/** After this time without an update the numbers are outdated. The server sends one every second. */
const OLD_AFTER_MS = 5_000;
/** For errors after which the browser itself does not reconnect. */
const RETRY_MS = 5_000;

const connection = document.getElementById("connection") as HTMLElement;
let source: EventSource | undefined;
let retrying: ReturnType<typeof setTimeout> | undefined;
/** Time of the last update. */
let updatedMs = Date.now();
/** Start of the wait for the next update. */
let waitingMs = updatedMs;

/** A hidden page costs the server nothing. */
function connectIfVisible(): void {
  source?.close();
  clearTimeout(retrying);
  if (document.hidden) return;
  const opened = new EventSource(`/events${location.search}`);
  opened.onmessage = ({ data }) => receive(JSON.parse(data));
  opened.onerror = () => {
    if (opened.readyState === EventSource.CLOSED) retrying = setTimeout(connectIfVisible, RETRY_MS);
  };
  source = opened;
}

function receive({ build, parts }: Update): void {
  if (build !== document.documentElement.dataset.build) {
    location.reload();
    return;
  }
  updatedMs = Date.now();
  waitingMs = updatedMs;
  for (const [id, content] of Object.entries(parts)) {
    const part = document.getElementById(id);
    if (part === null) continue;
    const wanted = part.cloneNode(false) as Element;
    wanted.innerHTML = content;
    update(part, wanted);
  }
  setConnection("live", "Live");
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
  const since = new Date(updatedMs).toLocaleTimeString();
  setConnection("old", `No answer from the server since ${since}. The numbers are from then; trying again.`);
}

/** Screen readers announce every change, so an equal text is not set again. */
function setConnection(state: string, text: string): void {
  if (connection.textContent === text) return;
  connection.dataset.state = state;
  connection.textContent = text;
  document.documentElement.classList.toggle("is-old", state === "old");
}

document.addEventListener("visibilitychange", () => {
  waitingMs = Date.now();
  connectIfVisible();
});
setInterval(watch, 1_000);
connectIfVisible();
