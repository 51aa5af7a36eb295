// Rooms on Socket.IO: one process, nothing stored, delivered at most once.
//
// `join` (a list of rooms, acknowledged) and `say` (room, text), which every member of the room gets as
// `said` (room, text). Usage: node server.js PORT
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer((_request, response) => response.end('ok'));
const io = new Server(http, { serveClient: false, perMessageDeflate: false });

io.on('connection', (socket) => {
  socket.on('join', (rooms, done) => {
    socket.join(rooms);
    done?.(rooms.length);
  });
  socket.on('say', (room, text) => io.to(room).emit('said', room, text));
});

http.listen(Number(process.argv[2]), '127.0.0.1', 8192);
