"""A mail server that takes, refuses or says nothing, on a real socket."""

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage


class PostOffice(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine and keeps what it took."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Clerk)
        self.letters: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.greeting = b"220 ready"
        self.is_silent = False
        self.visits = 0
        self.over = threading.Event()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def to(self, address: str) -> list[EmailMessage]:
        """What one address got, in order."""
        return [letter for letter in self.letters if letter["X-Rcpt"] == address]

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self.server_close()
        self._thread.join(timeout=5)


class _Clerk(socketserver.StreamRequestHandler):
    server: PostOffice

    def handle(self) -> None:
        self.server.visits += 1
        if self.server.is_silent:
            self.server.over.wait(30)
            return
        self._say(self.server.greeting)
        while line := self.rfile.readline():
            word = line.split(b" ")[0].strip().upper()
            if word == b"QUIT":
                self._say(b"221 bye")
                return
            self._answer(word, line.decode())

    def _answer(self, word: bytes, line: str) -> None:
        if word == b"RCPT":
            self.address = line.partition("<")[2].partition(">")[0]
            refused = self.address in self.server.refused
            self._say(b"550 no such mailbox" if refused else b"250 ok")
        elif word == b"DATA":
            self._say(b"354 go on")
            lines = b"".join(iter(self.rfile.readline, b".\r\n")).replace(b"\r\n", b"\n")
            letter = email.message_from_bytes(lines, policy=email.policy.default)
            letter["X-Rcpt"] = self.address
            self.server.letters.append(letter)
            self._say(b"250 taken")
        else:
            self._say(b"250 ok")

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")
