// Browsers refuse `new Worker()` on a page that was opened from a file. Search runs in one, so here it gets
// a hidden frame instead: the worker's script runs in it, and both sides exchange the same messages.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.appendChild(frame);
      const inside = frame.contentWindow;
      const inner = frame.contentDocument;
      const load = (address) =>
        new Promise((loaded, failed) => {
          const script = inner.createElement("script");
          Object.assign(script, { src: address, async: false, onload: loaded, onerror: failed });
          inner.body.appendChild(script);
        });
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      inside.importScripts = (...addresses) =>
        addresses.reduce((before, one) => before.then(() => load(new URL(one, url).href)), Promise.resolve());
      this.inside = inside;
      this.ready = load(url);
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new this.inside.MessageEvent("message", { data })));
    }
  };
}
