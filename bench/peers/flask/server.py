"""Rooms on Flask-SocketIO with gevent: one process, nothing stored, delivered at most once.

Speaks Socket.IO: `join` (a list of rooms, acknowledged) and `say` (room, text), which every member of the
room gets as `said` (room, text). Usage: server.py PORT
"""

from gevent import monkey

monkey.patch_all()

import logging
import sys

from flask import Flask
from flask_socketio import SocketIO, emit, join_room

logging.getLogger("geventwebsocket.handler").setLevel(logging.ERROR)
app = Flask(__name__)
sockets = SocketIO(app, async_mode="gevent", cors_allowed_origins="*")


@app.get("/readyz")
def readyz():
    return "ok"


@sockets.on("join")
def join(rooms):
    for room in rooms:
        join_room(room)
    return len(rooms)


@sockets.on("say")
def say(room, text):
    emit("said", (room, text), to=room)


if __name__ == "__main__":
    sockets.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_output=False)
