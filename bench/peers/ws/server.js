// Rooms on `ws`, as one would write them by hand: one process, nothing stored, delivered at most once.
//
// Text frames of JSON: `{"type":"join","rooms":[…]}`, answered with `{"type":"joined","rooms":n}`, and
// `{"type":"say","room":…,"text":…}`, which every member of the room gets as
// `{"type":"said","room":…,"text":…}`, encoded once. Usage: node server.js PORT
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const http = createServer((_request, response) => response.end('ok'));
const sockets = new WebSocketServer({ server: http, perMessageDeflate: false, maxPayload: 64 * 1024 });
const rooms = new Map();

function join(socket, names) {
  for (const name of names) {
    if (!rooms.has(name)) rooms.set(name, new Set());
    rooms.get(name).add(socket);
    socket.rooms.add(name);
  }
  socket.send(JSON.stringify({ type: 'joined', rooms: names.length }));
}

function say(room, text) {
  const frame = Buffer.from(JSON.stringify({ type: 'said', room, text }));
  for (const member of rooms.get(room) ?? []) member.send(frame, { binary: false });
}

sockets.on('connection', (socket) => {
  socket.rooms = new Set();
  socket.on('message', (data) => {
    const frame = JSON.parse(data);
    if (frame.type === 'join') join(socket, frame.rooms);
    else if (frame.type === 'say') say(frame.room, frame.text);
  });
  socket.on('close', () => {
    for (const name of socket.rooms) {
      rooms.get(name)?.delete(socket);
      if (rooms.get(name)?.size === 0) rooms.delete(name);
    }
  });
});

http.listen(Number(process.argv[2]), '127.0.0.1', 8192);
