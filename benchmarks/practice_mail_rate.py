"""How fast the practice mail service takes emails: the ceiling of all figures measured with it.

    python -m benchmarks.practice_mail_rate [--connections 4] [--seconds 5]

Starts a service of its own in a temporary folder, with a sink for its webhooks, and sends over
kept-alive connections. Each request is on disk (fsync) before it is answered.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = {
    "From": "Office <office@example.com>",
    "Subject": "Your inspection is confirmed",
    "TextBody": "word " * 400,
    "HtmlBody": "<p>word</p>" * 1500,
}


class Sink(BaseHTTPRequestHandler):
    """Takes every webhook."""

    protocol_version = "HTTP/1.1"
    taken = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        Sink.taken += 1
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def send(port: int, *, name: int, until: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"X-Postmark-Server-Token": "practice", "Content-Type": "application/json"}
    count = 0
    while (start := time.perf_counter()) < until:
        count += 1
        message = BODY | {
            "To": f"bench+{name}.{count}@example.com",
            "Metadata": {"id": f"{name}-{count}"},
        }
        connection.request("POST", "/email", json.dumps(message), headers)
        response = connection.getresponse()
        assert json.loads(response.read())["ErrorCode"] == 0
        times.append(time.perf_counter() - start)


def start_service(folder: str, sink_port: int) -> tuple[subprocess.Popen[str], int]:
    arguments = ["--port", "0", "--data", folder, "--webhook-url", f"http://127.0.0.1:{sink_port}/"]
    service = subprocess.Popen(
        [sys.executable, "-m", "emails.practice", *arguments],
        env={"DJANGO_SETTINGS_MODULE": "tests.settings", **os.environ},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert service.stdout is not None
    return service, int(service.stdout.readline().rstrip("/\n").rpartition(":")[2])


def measure(port: int, *, connections: int, seconds: float) -> tuple[float, list[float]]:
    times: list[float] = []
    start = time.perf_counter()
    threads = [
        threading.Thread(
            target=send,
            args=(port,),
            kwargs={"name": name, "until": start + seconds, "times": times},
        )
        for name in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - start), times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    sink.daemon_threads = True
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        service, port = start_service(folder, sink.server_port)
        try:
            rate, times = measure(port, connections=options.connections, seconds=options.seconds)
            time.sleep(1.5)
        finally:
            service.terminate()
            service.wait(10)
    cuts = statistics.quantiles(times, n=100)
    print(f"{options.connections} connections, {len(times)} emails: {rate:.0f}/s")
    print(f"answer p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms; webhooks taken {Sink.taken}")


if __name__ == "__main__":
    main()
