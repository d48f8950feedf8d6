"""One Paho client for Python, which reads orders from standard input and tells what happens: a JSON object a line, each way.

{"do": "connect", "port": 1, "transport": "tcp|ws|tls|wss", "path", "ca", "version": 4|5, "clientId", "clean", "user", "token", "keepalive",
 "properties", "will": {"topic", "payload", "qos", "retain", "properties"}}
{"do": "subscribe", "filter", "qos", "nl", "rap", "rh", "properties"}
{"do": "unsubscribe", "filter"}
{"do": "publish", "topic", "payload", "qos", "retain", "properties"}
{"do": "disconnect"}

The properties have mqtt.js's names. The end of the input is a lost network: the process ends without DISCONNECT.
"""
import json
import os
import sys
import threading

from paho.mqtt.client import Client
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

OUT = threading.Lock()


def tell(event, **what):
    with OUT:
        print(json.dumps({"event": event, **what}), flush=True)


def number(reason):
    return reason.value if hasattr(reason, "value") else int(reason)


def properties_of(packet, given):
    if not given:
        return None
    result = Properties(packet)
    for name, value in given.items():
        if name == "userProperties":
            result.UserProperty = list(value.items())
        elif name in ("correlationData", "authenticationData"):
            setattr(result, name[0].upper() + name[1:], value.encode())
        elif name == "payloadFormatIndicator":
            result.PayloadFormatIndicator = int(value)
        else:
            setattr(result, name[0].upper() + name[1:], value)
    return result


def shown(properties):
    if properties is None:
        return {}
    result = {}
    for name, value in vars(properties).items():
        if name in ("packetType", "types", "names", "properties"):
            continue
        if name == "UserProperty":
            result["userProperties"] = dict(value)
        elif isinstance(value, bytes):
            result[name[0].lower() + name[1:]] = value.decode()
        elif name == "PayloadFormatIndicator":
            result["payloadFormatIndicator"] = bool(value)
        else:
            result[name[0].lower() + name[1:]] = value
    return result


class Session:
    def __init__(self):
        self.client = None
        self.version = 4

    def connect(self, port, transport="tcp", path="/ws", ca=None, version=4, clientId="", clean=True, user="JWT", token=None, keepalive=60,
                properties=None, will=None):
        self.version = version
        five = version == 5
        client = Client(client_id=clientId, protocol=version, transport="websockets" if transport in ("ws", "wss") else "tcp",
                        reconnect_on_failure=False, **({} if five else {"clean_session": clean}))
        if transport in ("ws", "wss"):
            client.ws_set_options(path=path)
        if ca:
            client.tls_set(ca_certs=ca)
        if token is not None:
            client.username_pw_set(user, token)
        if will:
            client.will_set(will["topic"], will["payload"], will.get("qos", 0), will.get("retain", False),
                            **({"properties": properties_of(PacketTypes.WILLMESSAGE, will.get("properties"))} if five else {}))
        client.on_connect = lambda c, u, flags, rc, props=None: tell("connack", code=number(rc), sessionPresent=bool(flags["session present"]),
                                                                     properties=shown(props))
        client.on_disconnect = lambda c, u, rc, props=None: tell("closed", code=number(rc), properties=shown(props))
        client.on_message = self.on_message
        client.on_subscribe = lambda c, u, mid, codes, props=None: tell("suback", mid=mid, codes=[number(code) for code in codes])
        client.on_unsubscribe = lambda c, u, mid, *more: tell("unsuback", mid=mid)
        client.on_publish = lambda c, u, mid: tell("published", mid=mid)
        self.client = client
        client.connect("127.0.0.1", port, keepalive,
                       **({"clean_start": clean, "properties": properties_of(PacketTypes.CONNECT, properties)} if five else {}))
        client.loop_start()

    @staticmethod
    def on_message(client, user, message):
        tell("message", topic=message.topic, text=message.payload.decode(), qos=message.qos, retain=bool(message.retain), dup=bool(message.dup),
             properties=shown(getattr(message, "properties", None)))

    def subscribe(self, filter, qos=1, nl=False, rap=False, rh=0, properties=None):
        if self.version == 5:
            code, mid = self.client.subscribe(filter, options=SubscribeOptions(qos, nl, rap, rh),
                                              properties=properties_of(PacketTypes.SUBSCRIBE, properties))
        else:
            code, mid = self.client.subscribe(filter, qos)
        tell("subscribing", code=int(code), mid=mid)

    def unsubscribe(self, filter):
        self.client.unsubscribe(filter)

    def publish(self, topic, payload, qos=1, retain=False, properties=None):
        more = {"properties": properties_of(PacketTypes.PUBLISH, properties)} if self.version == 5 else {}
        info = self.client.publish(topic, payload, qos, retain, **more)
        tell("publishing", code=int(info.rc), mid=info.mid)

    def disconnect(self):
        self.client.disconnect()


def main():
    session = Session()
    for line in sys.stdin:
        order = json.loads(line)
        act = getattr(session, order.pop("do"))
        try:
            act(**order)
        except Exception as error:  # the test is to hear of it, whatever it is
            tell("failed", why=f"{type(error).__name__}: {error}")
    os._exit(0)


main()
