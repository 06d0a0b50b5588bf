// The page's own requests, and the stream that says what has changed.

import { released, toast } from "./dom.js";

export async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || `${answer.status}`);
  return body;
}

// Do something; what stands against it is shown, and the answer is given either way.
export async function post(path, body) {
  let answer;
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    answer = { error: "The demo does not answer. Is it still running?" };
  }
  if (answer.error) toast(answer.error);
  return answer;
}

// Fetch again whenever asked to, one fetch at a time, and never draw an older answer over a newer one.
export function refresher(load, draw) {
  let running = false;
  let again = false;
  return async function refresh() {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      try {
        const fresh = await load();
        await released();
        draw(fresh);
      } catch (error) {
        console.warn("not refreshed:", error);
      }
    }
    running = false;
  };
}

// Listen for news while the tab is visible: a browser allows six connections to one host, and each tab holds one.
export function listen(onNews, onLost) {
  let source = null;
  const open = () => {
    source = new EventSource("/news");
    source.onmessage = (event) => onNews(JSON.parse(event.data));
    source.onerror = () => {
      onLost();
      if (source.readyState === EventSource.CLOSED) setTimeout(reopen, 1000);
    };
  };
  const close = () => {
    source?.close();
    source = null;
  };
  const reopen = () => {
    close();
    if (!document.hidden) open();
  };
  document.addEventListener("visibilitychange", reopen);
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && reopen());
  open();
}
