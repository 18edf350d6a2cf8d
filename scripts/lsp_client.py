"""A client of the language server protocol, as far as the scripts need one."""

import json
import pathlib
import queue
import subprocess
import threading
import time


class Client:
    """Starts a server and talks to it. Requests of the server are answered with nothing."""

    def __init__(self, command, root: pathlib.Path, pulls: bool = True, encoding: str = "utf-8", options=None):
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self.root, self.number, self.versions = root, 0, {}
        self.inbox: queue.Queue = queue.Queue()
        self.unread: list = []
        threading.Thread(target=self._read, daemon=True).start()
        documents = {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}
        if pulls:
            documents["diagnostic"] = {}
        capabilities = {
            "general": {"positionEncodings": [encoding]},
            "textDocument": documents,
            "workspace": {
                "workspaceEdit": {"documentChanges": True},
                "diagnostics": {"refreshSupport": True},
                "didChangeWatchedFiles": {"dynamicRegistration": True},
            },
        }
        self.ask("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities, "initializationOptions": options or {}})
        self.tell("initialized", {})

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str, text: str) -> None:
        self.versions[path] = 1
        document = {"uri": self.uri(path), "languageId": "python", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})

    def change(self, path: str, changes: list) -> None:
        self.versions[path] += 1
        document = {"uri": self.uri(path), "version": self.versions[path]}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def close(self, path: str) -> None:
        del self.versions[path]
        self.tell("textDocument/didClose", {"textDocument": {"uri": self.uri(path)}})

    def touched(self, changes: list) -> None:
        """Files were created (1), changed (2) or deleted (3)."""
        changes = [{"uri": self.uri(path), "type": kind} for path, kind in changes]
        self.tell("workspace/didChangeWatchedFiles", {"changes": changes})

    def pull(self, path: str) -> dict:
        return self.ask("textDocument/diagnostic", {"textDocument": {"uri": self.uri(path)}})

    def pull_all(self) -> list:
        return self.ask("workspace/diagnostic", {"previousResultIds": []})["items"]

    def ask(self, method: str, params, patience: float = 120):
        self.number += 1
        number = self.number
        self._send({"id": number, "method": method, "params": params})
        answer = self.wait(lambda message: message.get("id") == number and "method" not in message, patience)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def tell(self, method: str, params) -> None:
        self._send({"method": method, "params": params})

    def wait(self, is_wanted, patience: float = 120) -> dict:
        for at, message in enumerate(self.unread):
            if is_wanted(message):
                return self.unread.pop(at)
        end = time.monotonic() + patience
        while True:
            message = self.inbox.get(timeout=max(0.001, end - time.monotonic()))
            if message is None:
                raise EOFError("the server ended")
            if "method" in message and "id" in message:
                self._send({"id": message["id"], "result": None})
            if is_wanted(message):
                return message
            if message.get("method") == "window/logMessage":
                print("  log:", message["params"]["message"][:300])
            self.unread.append(message)

    def end(self) -> int:
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self.server.wait(30)

    def _send(self, message: dict) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def _read(self) -> None:
        output = self.server.stdout
        while True:
            length = None
            while line := output.readline().strip():
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                return self.inbox.put(None)
            self.inbox.put(json.loads(output.read(length)))
