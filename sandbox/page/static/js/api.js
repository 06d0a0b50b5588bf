// Requests to the page's server, and the event stream that says what has changed.

import { released, toast } from "./dom.js";

export async function get(path) {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || `${answer.status}`);
  return body;
}

// Send a request. Shows an error as a toast; returns the answer either way.
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
    answer = { error: "The demo is not responding. Is it still running?" };
  }
  if (answer.error) toast(answer.error);
  return answer;
}

// Returns a function that fetches and draws, one fetch at a time, so that no older answer replaces a newer one.
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

// Listen for changes while the tab is visible: a browser allows six connections to a host, and each tab uses one.
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
