"""Chromium without a window, controlled through pipes by its DevTools protocol."""

import base64
import json
import os
import shutil
import subprocess

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Browser:
    """A page of Chromium.

    Args:
        folder: Folder for the browser's profile.
    """

    def __init__(self, folder):
        ours, self._write = os.pipe()
        self._read, theirs = os.pipe()
        command = [CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank"]
        # The browser reads file 3 and writes to file 4.
        script = f'exec "$@" 3<&{ours} 4>&{theirs}'
        self._process = subprocess.Popen(
            ["bash", "-c", script, "browser", *command],
            pass_fds=(ours, theirs),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours), os.close(theirs)
        self._number, self._rest, self.requests = 0, b"", []
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime"):
            self.call(f"{domain}.enable")

    def close(self):
        self._session = None
        self.call("Browser.close")
        self._process.wait(30)
        os.close(self._read), os.close(self._write)

    def call(self, method, **parameters):
        """Calls a method of the protocol, and returns its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _message(self):
        while b"\0" not in self._rest:
            read = os.read(self._read, 2**16)
            assert read, "the browser has ended"
            self._rest += read
        text, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(text)
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(message["params"]["request"]["url"])
        self._loaded = message.get("method") == "Page.loadEventFired"
        return message

    def open(self, path, width, dark=False):
        """Shows a file in a window of some width, and waits until it is loaded."""
        size = {"width": width, "height": 844, "deviceScaleFactor": 1}
        self.call("Emulation.setDeviceMetricsOverride", **size, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.requests.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not self._loaded:
            self._message()

    def evaluate(self, script):
        """Returns the value of an expression on the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return found["result"].get("value")

    def screenshot(self, path):
        whole = {"captureBeyondViewport": True, "format": "png"}
        found = self.call("Page.captureScreenshot", **whole)
        path.write_bytes(base64.b64decode(found["data"]))
