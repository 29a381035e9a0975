"""A headless Chromium from Debian, driven by the DevTools protocol: what a reader of a page sees and does."""

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websocket

from debian import install

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 60
"""Seconds to wait for something to appear."""


@dataclass
class Page:
    """A page in a tab, with what it asked from anywhere and what it complained about."""

    socket: websocket.WebSocket
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    calls: int = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol; events that come meanwhile are noted."""
        self.calls += 1
        self.socket.send(json.dumps({"id": self.calls, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.calls:
                assert "error" not in message, message
                return message["result"]
            self._note(message.get("method", ""), message.get("params", {}))

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"])[:500])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(params["args"])[:500])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])

    def open(self, path: Path, width: int = 1200, height: int = 900) -> None:
        """Open a file in a window of this size, and wait until its script says that it is ready."""
        self.requests.clear()
        self.complaints.clear()
        for domain in ("Network", "Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.until("document.documentElement?.dataset.ready === 'true'")

    def look(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until an expression is true, and return it."""
        deadline = time.monotonic() + PATIENCE
        while not (value := self.look(expression)):
            assert time.monotonic() < deadline, f"never true: {expression}; {self.complaints}"
            time.sleep(0.1)
        return value

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Move, press or release the mouse."""
        self.call("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **more)

    def box(self, selector: str, number: int = 0) -> list[float]:
        """Left, top, width and height of what a selector finds, in the window."""
        found = f"document.querySelectorAll({json.dumps(selector)})[{number}].getBoundingClientRect()"
        return self.look(f"(box => [box.left, box.top, box.width, box.height])({found})")

    def middle(self, selector: str, number: int = 0) -> tuple[float, float]:
        """Where the middle of something is, in the window."""
        left, top, width, height = self.box(selector, number)
        return left + width / 2, top + height / 2

    def click(self, selector: str) -> None:
        """Click on the middle of something."""
        place = self.middle(selector)
        self.mouse("Moved", *place)
        for kind, buttons in (("Pressed", 1), ("Released", 0)):
            self.mouse(kind, *place, button="left", buttons=buttons, clickCount=1)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw a box with the mouse."""
        button = {"button": "left", "buttons": 1, "clickCount": 1}
        self.mouse("Moved", *start)
        self.mouse("Pressed", *start, **button)
        for part in (0.25, 0.5, 0.75, 1.0):
            x, y = (a + part * (b - a) for a, b in zip(start, end, strict=True))
            self.mouse("Moved", x, y, button="left", buttons=1)
        self.mouse("Released", *end, **button)

    def outside(self) -> list[str]:
        """What the page asked from anywhere but itself."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]

    def screenshot(self, path: Path) -> None:
        """Save the whole page as PNG."""
        taken = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))


@contextmanager
def browser() -> Iterator[Page]:
    """A page of a new Chromium; raises `Unavailable` where there is none and none can be installed."""
    program = next(filter(shutil.which, PROGRAMS), None)
    if program is None:
        install({"chromium": "chromium"})
        program = "chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        options += ["--remote-debugging-port=0", f"--user-data-dir={home}", "--hide-scrollbars"]
        process = subprocess.Popen(
            [program, *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            socket = websocket.create_connection(_address(Path(home)), suppress_origin=True, timeout=PATIENCE)
            yield Page(socket)
            socket.close()
        finally:
            process.terminate()
            process.wait()


def _address(home: Path) -> str:
    """The address of the first tab, once the browser has one."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        port_file = home / "DevToolsActivePort"
        if port_file.exists() and (lines := port_file.read_text(encoding="utf-8").split()):
            with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json/list") as answer:
                tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
            if tabs:
                return str(tabs[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise AssertionError("Chromium does not answer")
