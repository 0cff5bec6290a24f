#!/usr/bin/env python3
"""Measures a running miner's HTTP server while it works, and while badly behaved clients lean on it.

    miner rehearse --tasks 100 --http.listen 127.0.0.1:8080 &
    ops/bench/server.py 127.0.0.1:8080 [--clients 1000] [--seconds 20] [--pid PID [--most-mb N]] [--uploads N]

Prints how long /health and /metrics took (median, 99th percentile, worst) alone and beside the crowd: clients that send
nothing, clients that drip a header, headers and bodies that are too large, paths that climb; with --uploads also so many
that post pictures of 8 MB to /generate, the most that is taken, and of 20, of which no byte is a picture. Exits 1 when an answer had the wrong status, the 99th
percentile alone was above 50 ms, or the process grew by more than N MB while they were there.
"""
import argparse
import multiprocessing
import pathlib
import socket
import threading
import time

BAD = (
    (b"GET /page/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n", (404, 503)),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 30_000 + b"\r\n\r\n", (431, 503)),
    (b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n", (413, 503)),
    (b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nform", (400, 404, 429, 503)),
    (b"nonsense\r\n\r\n", (400, 503)),
)


def ask(address, request, timeout=10):
    """Status of the answer; 0 when the connection was closed without one."""
    try:
        with socket.create_connection(address, timeout=timeout) as s:
            s.sendall(request)
            start = s.recv(65536)
            while start and len(start) < 12:
                start += s.recv(65536)
        return int(start.split()[1]) if start.startswith(b"HTTP/") else 0
    except OSError:
        return 0


def measure(address, seconds):
    times = {"/health": [], "/metrics": []}
    refused = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path, taken in times.items():
            begin = time.monotonic()
            status = ask(address, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            if status == 200:
                taken.append(1000 * (time.monotonic() - begin))
            else:
                refused += 1
        time.sleep(0.02)
    return times, refused


def show(what, times, refused):
    for path, taken in times.items():
        taken.sort()
        if taken:
            print(f"{what:<10} {path:<9} {len(taken):>5} answers  median {taken[len(taken) // 2]:7.2f} ms  "
                  f"99 % {taken[int(0.99 * (len(taken) - 1))]:7.2f} ms  worst {taken[-1]:7.2f} ms")
    print(f"{what:<10} {refused} told to come back")


def crowd(address, clients, stop):
    """Half of them silent, half dripping; each comes back when it is shown the door."""
    sockets = []
    while not stop.is_set():
        for s in sockets[:]:
            try:
                s.send(b"x")
            except OSError:
                sockets.remove(s)
        while len(sockets) < clients and not stop.is_set():
            try:
                s = socket.create_connection(address, timeout=1)
                s.setblocking(False)
                if len(sockets) % 2:
                    s.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
                sockets.append(s)
            except OSError:
                break
        stop.wait(0.2)
    for s in sockets:
        s.close()


def upload(address, megabytes, stop):
    """Posts forms of so many, as fast as they are taken; comes back when it is refused."""
    body = b"--XX\r\nContent-Disposition: form-data; name=\"prompt_image_file\"\r\n\r\n" + bytes(int(megabytes * 1_000_000)) + b"\r\n--XX--\r\n"
    head = (b"POST /generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body))
    while not stop.is_set():
        ask(address, head + body, timeout=30)
        stop.wait(0.2)


def upload_all(address, clients, stop):
    threads = [threading.Thread(target=upload, args=(address, 20 if i % 2 else 7.9, stop)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Scales(threading.Thread):
    """The most that a process weighs while this runs, in MB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.most, self.over = pid, resident_mb(pid), threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, resident_mb(self.pid))

    def stop(self):
        self.over.set()
        self.join()
        return self.most


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="HOST:PORT")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pid", type=int, help="of the miner, to tell its memory")
    parser.add_argument("--most-mb", type=float, help="that it may grow by")
    parser.add_argument("--uploads", type=int, default=0, help="clients that post to /generate")
    options = parser.parse_args()
    host, port = options.address.rsplit(":", 1)
    address = (host, int(port))

    alone, refused = measure(address, options.seconds)
    show("alone", alone, refused)
    wrong = [path for path, taken in alone.items() if not taken or taken[int(0.99 * (len(taken) - 1))] > 50]
    before = resident_mb(options.pid) if options.pid else 0
    scales = Scales(options.pid) if options.pid else None
    if scales:
        scales.start()

    stop = threading.Event()
    threads = [threading.Thread(target=crowd, args=(address, options.clients // 4, stop)) for _ in range(4)]
    # In a process of its own, or sending would slow down what is measured here.
    apart = multiprocessing.get_context("fork")
    full = apart.Event()
    sender = apart.Process(target=upload_all, args=(address, options.uploads, full))
    sender.start()
    for thread in threads:
        thread.start()
    time.sleep(1)
    crowded, refused = measure(address, options.seconds)
    for request, statuses in BAD:
        status = ask(address, request)
        if status not in statuses:
            wrong.append(f"{request[:30]!r}: {status}")
    stop.set()
    full.set()
    for thread in [*threads, sender]:
        thread.join()
    show(f"of {options.clients}", crowded, refused)
    if options.pid:
        grown = scales.stop() - before
        print(f"memory {before:.0f} MB before, {grown:.0f} MB more at most, {resident_mb(options.pid):.0f} MB after")
        if options.most_mb and grown > options.most_mb:
            wrong.append(f"grew by {grown:.0f} MB")
    print("wrong: " + ", ".join(wrong) if wrong else "all answers as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
