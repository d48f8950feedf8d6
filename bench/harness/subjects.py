"""What is measured: programs that forward messages on the broker, each started alone."""
import contextlib
import os
import select
import socket
import subprocess
import time
import urllib.request

from . import machine

START_SECONDS = 20
STOP_SECONDS = 15
_SETTLE_SECONDS = 0.3


class Failed(Exception):
    """A program that is measured did not do its part; the message says which and where its log is."""


def end(process, seconds=STOP_SECONDS):
    """Ends a process of ours and waits until it is gone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Subject:
    """One way to forward, with one or both topic layouts."""

    def __init__(self, name, layouts):
        self.name = name
        self.layouts = layouts
        self.keys = 2 * len(layouts)

    @contextlib.contextmanager
    def running(self, broker):
        """The process, ready for messages; gone at the end of the context."""
        log_path = broker.directory / f"{self.name}.log"
        os.sync()  # what the one before has left to write
        with open(log_path, "ab") as log, contextlib.nullcontext() if self.uses_broker else broker.paused():
            process = self._launch(broker, log)
            try:
                if not self._await_ready(process):
                    raise Failed(f"{self.name} is not ready; the end of its log:\n{log_path.read_text()[-2000:]}")
                time.sleep(_SETTLE_SECONDS)
                yield process
                if process.poll() is not None:
                    raise Failed(f"{self.name} ended by itself; the end of its log:\n{log_path.read_text()[-2000:]}")
            finally:
                end(process)

    def idle_rss_kib(self, process):
        return machine.rss_kib(process.pid)

    def mqtt_port(self, broker):
        """Where its clients connect."""
        return broker.mqtt_port

    def watched(self, process, broker):
        """The processes whose time and memory are told."""
        return {"subject": process.pid, "broker": broker.pid()}

    load_options = ()  # that bench_load needs for it
    uses_broker = True  # the one of the benchmark


class Forwarder(Subject):
    """bench/forwarder.cpp."""

    def __init__(self, program, layouts):
        super().__init__("forwarder", layouts)
        self._program = program

    def _launch(self, broker, log):
        command = [self._program, "--port", str(broker.amqp_port)]
        # The engine's queues would hold, and cost the broker, every message that the forwarder is sent.
        for queue in ("messages", "persist", "webhooks"):
            command += ["--delete-queue", queue]
        if len(self.layouts) > 1:
            command.append("--both-layouts")
        environment = dict(os.environ, BENCH_PASSWORD=broker.service_token())
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)

    def _await_ready(self, process):
        readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        return bool(readable) and process.stdout.readline() == b"ready\n"


class Engine(Subject):
    """`inboxd serve` on an empty store; with `webhook_url`, every event goes there; with `policies`, they are in force."""

    def __init__(self, program, layouts, sync, webhook_url=None, policies=None):
        super().__init__(f"inboxd, {sync}" + (", webhooks" if webhook_url else "") + (", policies" if policies else ""), layouts)
        self._policies = policies
        self._program = program
        self._sync = sync
        self._webhook_url = webhook_url
        self._starts = 0
        self._url = None

    def _launch(self, broker, log):
        self._starts += 1
        http_port = broker.free_port()
        self._url = f"http://127.0.0.1:{http_port}/health/ready"
        environment = self._environment(broker)
        environment.update(
            TOPIC_LAYOUTS=",".join(self.layouts),
            STORE_SYNC=self._sync,
            DATA_DIR=str(broker.directory / f"store-{self.name.replace(', ', '-')}-{len(self.layouts)}-{self._starts}"),
            HTTP_PORT=str(http_port),
            METRICS_PORT="0",
        )
        if self._webhook_url:
            environment["WEBHOOK_ENDPOINTS"] = self._webhook_url
        if self._policies:
            environment["POLICY_FILE"] = str(self._policies.file)
            self._policies.fill(environment["DATA_DIR"])
        return subprocess.Popen([self._program, "serve"], env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, cwd=broker.directory)

    def _environment(self, broker):
        return broker.engine_environment()

    def _await_ready(self, process):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(self._url, timeout=2) as answer:
                    if answer.status == 200:
                        return True
            except OSError:
                time.sleep(0.05)
        return False


class Embedded(Engine):
    """`inboxd serve` as its own broker."""

    uses_broker = False

    def __init__(self, program, layouts, sync):
        super().__init__(program, layouts, sync)
        self.name = f"inboxd embedded, {sync}"
        self._port = None

    def mqtt_port(self, broker):
        return self._port

    def watched(self, process, broker):
        return {"subject": process.pid}

    def _environment(self, broker):
        self._port = broker.free_port()
        return broker.embedded_environment(self._port)


class Mosquitto(Subject):
    """A broker alone, from MQTT to MQTT: nothing is stored, and nobody's token is looked at."""

    load_options = ("--direct",)
    uses_broker = False

    def __init__(self, layouts):
        super().__init__("Mosquitto, no engine", layouts)
        self._port = None

    def mqtt_port(self, broker):
        return self._port

    def watched(self, process, broker):
        return {"subject": process.pid}

    def _launch(self, broker, log):
        self._port = broker.free_port()
        configuration = broker.directory / "mosquitto.conf"
        # No bound on what waits: bench_load's window is one.
        configuration.write_text(f"listener {self._port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
                                 "max_connections -1\n")
        return subprocess.Popen(["mosquitto", "-c", configuration], stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _await_ready(self, process):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=2).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False


@contextlib.contextmanager
def webhook_sink(program):
    """bench/sink.cpp: an endpoint that takes every event at once. Gives its URL."""
    process = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        end(process)
        process.stdout.close()
