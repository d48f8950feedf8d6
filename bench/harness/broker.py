"""A private RabbitMQ node, configured as the engine configures it, and the tokens for it."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
_NODE = ROOT / "scripts" / "rabbitmq-node"


def _base64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


class Broker:
    """Everything that it starts or writes lives in `directory`."""

    def __init__(self, inboxd, directory):
        self.directory = pathlib.Path(directory)
        self._inboxd = inboxd
        self._node = self.directory / "node"
        self._secret_file = self.directory / "jwt-secret"
        self._secret_file.touch(mode=0o600)
        self._secret_file.write_text(secrets.token_hex(32))
        self.amqp_port, self.mqtt_port, self._web_port = self._free_ports(3)

    @contextlib.contextmanager
    def running(self):
        etc = self._node / "etc"
        etc.mkdir(parents=True)
        subprocess.run([self._inboxd, "rabbitmq-config", "--out", etc], env=self.engine_environment(), check=True,
                       stdout=subprocess.DEVNULL)
        try:
            # In a session of its own, so that Ctrl-C leaves it to us to end it in good order.
            subprocess.run([_NODE, "start", self._node], check=True, start_new_session=True)
            yield
        finally:
            subprocess.run([_NODE, "kill", self._node], check=False, start_new_session=True)

    @contextlib.contextmanager
    def paused(self):
        """Stands still, so that whoever does without it has the machine alone."""
        os.kill(self.pid(), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid(), signal.SIGCONT)

    def pid(self):
        return int((self._node / "pid").read_text())

    def free_port(self):
        return self._free_ports(1)[0]

    def engine_environment(self):
        """For any subcommand of inboxd: this broker, this secret, and no setting of the caller's."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return dict(kept, RABBITMQ_HOST="127.0.0.1", RABBITMQ_PORT=str(self.amqp_port), MQTT_PORT=str(self.mqtt_port),
                    WEB_MQTT_PORT=str(self._web_port), JWT_SECRET_FILE=str(self._secret_file))

    def embedded_environment(self, mqtt_port):
        """The same for an engine that is its own broker. Clients of a benchmark connect again and again."""
        kept = {name: value for name, value in self.engine_environment().items() if not name.startswith("RABBITMQ_")}
        return dict(kept, BROKER="embedded", MQTT_PORT=str(mqtt_port), MQTT_WS_PORT="0", MQTT_CONNECTS_PER_MINUTE="0")

    def service_token(self):
        """One that may do on the broker what the engine's own may."""
        now = int(time.time())
        claims = {"sub": "bench", "aud": ["rabbitmq"], "iat": now, "exp": now + 86400, "kid": "tiledesk-key",
                  "scope": [f"rabbitmq.{right}:%2F/*/*" for right in ("configure", "write", "read")]}
        signed = b".".join(_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        signature = hmac.new(self._secret_file.read_bytes(), signed, hashlib.sha256).digest()
        return (signed + b"." + _base64(signature)).decode()

    def write_user_tokens(self, count):
        """A file of lines USER TOKEN, for bench_load: strict tokens, as `inboxd token` prints them."""
        path = self.directory / "tokens"
        path.touch(mode=0o600)
        with open(path, "w", encoding="ascii") as file:
            for number in range(count):
                user = f"user-{number}"
                file.write(f"{user} {self._token(user)}\n")
        return path

    def _token(self, user):
        return subprocess.run([self._inboxd, "token", "--user", user], env=self.engine_environment(), check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()

    def write_many_tokens(self, count):
        """The same for very many users, without a process for each: another's name in the claims of the first."""
        head, claims, _ = self._token("user-0").split(".")
        claims = base64.urlsafe_b64decode(claims + "==").decode()
        path = self.directory / "many-tokens"
        path.touch(mode=0o600)
        with open(path, "w", encoding="ascii") as file:
            for number in range(count):
                user = f"idle-{number}"
                signed = head.encode() + b"." + _base64(claims.replace("user-0", user).encode())
                signature = hmac.new(self._secret_file.read_bytes(), signed, hashlib.sha256).digest()
                file.write(f"{user} {(signed + b'.' + _base64(signature)).decode()}\n")
        return path

    @staticmethod
    def _free_ports(count):
        printed = subprocess.run([ROOT / "scripts" / "free-port", str(count)], check=True, stdout=subprocess.PIPE,
                                 text=True).stdout
        return [int(port) for port in printed.split()]
