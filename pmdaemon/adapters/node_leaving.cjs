// How a Node program leaves its connections when another run takes its place (node_preload.cjs).
//
// No client notices. Nothing new is accepted; what is being answered is finished, and says
// `Connection: close` where that can still be said. A connection over which nothing is under way
// goes to another instance, by way of the daemon, as it is: what its client sends meanwhile waits
// in the kernel, and is read there. They go one by one, each when the daemon has just shown that it
// is there: while it is not, they are served here.
//
// With TLS, whose keys are ours alone, or without another instance that is not possible. There a
// connection is closed when it has been quiet for a while; its client may be about to use it,
// which HTTP has no remedy for (RFC 9112, 9.5).

'use strict';

const net = require('node:net');

const QUIET = 800; // milliseconds that a connection may use to send one more request
const LOOK = 50; // milliseconds between two looks for connections that became idle
const PATIENCE = 1000; // milliseconds after which the daemon is asked again
const EARLY = 10_000; // milliseconds in which who begins to listen gets what was handed on before

// `offer()` asks the daemon whether another instance can go on with connections, which it answers
// by `give` or `keep`; `hand(at, handle, done)` sends one, of that address, which it confirms;
// `gone()` tells that none is left.
exports.Leaving = class Leaving {
  #servers = new Map(); // their address, connections, sockets that HTTP is spoken over, sessions
  #given = new WeakSet();
  #quiet = new WeakMap(); // since when, and what had been read by then
  #begun = false;
  #looking = null;
  #asked = -Infinity; // when the daemon was last asked, in vain so far
  #underWay = false; // whether it has not confirmed yet what it was sent
  #handed = -Infinity; // when that was
  #alone = false; // whether it has said that nobody can go on with ours
  #early = new Set(); // what came for a server that does not listen yet, and its address
  #daemon;

  constructor(daemon) {
    this.#daemon = daemon;
  }

  get begun() {
    return this.#begun;
  }

  watch(server, at) {
    const known = this.#servers.get(server);
    if (known) {
      known.at = at;
      return;
    }
    const own = { at, listened: false, connections: new Set(), sockets: new Set(), sessions: new Set() };
    this.#servers.set(server, own);
    server.on('listening', () => this.#takeEarly(own));
    const remember = (set) => (one) => {
      set.add(one);
      one.once('close', () => {
        set.delete(one);
        if (this.#begun) this.#tellWhenGone();
      });
      if (this.#begun) this.#keepLooking();
    };
    server.on('connection', remember(own.connections));
    server.on(hasTls(server) ? 'secureConnection' : 'connection', remember(own.sockets));
    server.on('session', remember(own.sessions)); // HTTP/2
  }

  // Go on with a connection that another instance has handed on, now or as soon as we listen: like
  // one that the kernel has for us, it waits until then.
  take(at, handle) {
    const there = [...this.#servers].filter(([, own]) => isSame(own.at, at));
    const [server, own] = there.find(([one]) => one._handle) ?? there.at(-1) ?? [];
    if (server?._handle) goOnWith(server, handle);
    else if (!this.#begun && this.#mayListen(own)) this.#wait({ at, handle });
    else handle.close();
    if (this.#begun) this.#alone = true; // it was ours, and nobody else is there any more
  }

  #mayListen(own) {
    if (own !== undefined) return !own.listened;
    return ![...this.#servers.values()].some((one) => one.listened);
  }

  #wait(one) {
    this.#early.add(one);
    setTimeout(() => this.#waitNoMore(one), EARLY).unref();
  }

  // Not every instance of an app need listen.
  #waitNoMore(one) {
    if (this.#early.delete(one)) one.handle.close();
  }

  #takeEarly(own) {
    own.listened = true;
    const waiting = [...this.#early];
    this.#early.clear();
    for (const { at, handle } of waiting) this.take(at, handle);
  }

  begin() {
    if (this.#begun) return;
    this.#begun = true;
    for (const one of this.#early) this.#waitNoMore(one);
    for (const [server, { sockets, sessions }] of this.#servers) {
      // Only this copy of the socket: the other instances go on accepting.
      server._handle?.close();
      server.prependListener('request', (_, response) => sayClose(response));
      for (const socket of sockets) sayClose(socket._httpMessage);
      for (const session of sessions) session.close();
      server.on('session', (session) => session.close());
    }
    this.#keepLooking();
    this.#look();
  }

  // What waits to be handed on keeps no program alive by itself, so this does.
  #keepLooking() {
    this.#looking ??= setInterval(() => this.#look(), LOOK);
  }

  // The daemon is there: the next one may go.
  give() {
    if (this.#underWay) return;
    this.#alone = false;
    this.#asked = -Infinity;
    for (const [server, own] of this.#servers) {
      const socket = idle(server, own.sockets).find((one) => this.#canGo(one));
      if (socket === undefined) continue;
      const handle = socket._handle;
      this.#underWay = true;
      this.#handed = performance.now();
      this.#given.add(socket);
      socket.setTimeout(0);
      handle.readStop(); // what comes now is for who goes on with it
      this.#daemon.hand(own.at, handle, () => socket.destroy());
      return;
    }
  }

  confirmed() {
    if (!this.#underWay) return;
    this.#underWay = false;
    if (!this.#alone) this.give();
    this.#tellWhenGone();
  }

  keep() {
    this.#alone = true;
    this.#asked = -Infinity;
  }

  #look() {
    const now = performance.now();
    for (const [server, own] of this.#servers) {
      for (const socket of idle(server, own.sockets)) {
        if (this.#canGo(socket)) this.#ask(now);
        if (!this.#canGo(socket) || this.#alone) this.#closeIfQuiet(socket, now);
      }
    }
    this.#tellWhenGone();
  }

  #canGo(socket) {
    return !hasTls(socket) && !this.#given.has(socket) && Boolean(socket._handle?.readStop);
  }

  #ask(now) {
    if (this.#underWay || now - this.#asked < PATIENCE) return;
    this.#asked = now;
    this.#daemon.offer();
  }

  #closeIfQuiet(socket, now) {
    const quiet = this.#quiet.get(socket);
    if (this.#given.has(socket)) return;
    if (quiet?.read !== socket.bytesRead) this.#quiet.set(socket, { read: socket.bytesRead, since: now });
    else if (now - quiet.since >= QUIET) socket.destroy();
  }

  #tellWhenGone() {
    // Until it is confirmed, what was handed on may come back.
    if (this.#underWay && performance.now() - this.#handed < PATIENCE) return;
    for (const { connections } of this.#servers.values()) if (connections.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = null;
    this.#daemon.gone();
  }
};

// Which connections of an HTTP server are between two requests only Node can tell: it is asked to
// close those, and for that moment closing is but naming.
function idle(server, sockets) {
  if (!server.closeIdleConnections) return []; // no HTTP, or Node before 18.2
  const found = new Set();
  const own = Object.getOwnPropertyDescriptor(net.Socket.prototype, 'destroy');
  net.Socket.prototype.destroy = function () { found.add(this); return this; };
  try {
    server.closeIdleConnections();
  } finally {
    if (own) Object.defineProperty(net.Socket.prototype, 'destroy', own);
    else delete net.Socket.prototype.destroy;
  }
  // Not all versions name one over which nothing has come yet, nor spare an answer that is not
  // sent to its end.
  for (const socket of sockets) if (!hasTls(socket) && socket.bytesRead === 0) found.add(socket);
  return [...found].filter((socket) => !socket._httpMessage && socket.writableLength === 0);
}

function goOnWith(server, handle) {
  const attend = (socket) => closeUnlessUsed(socket, server.keepAliveTimeout);
  server.once('connection', attend);
  server._handle.onconnection(0, handle); // as if it had been accepted
  server.removeListener('connection', attend); // which it need not have been (maxConnections)
}

function sayClose(response) {
  if (!response || response.headersSent || response.req?.httpVersionMajor > 1) return;
  response.setHeader('Connection', 'close');
}

// A client that kept a connection for later finds it closed when any other would be (keepAliveTimeout).
function closeUnlessUsed(socket, milliseconds) {
  if (!milliseconds) return;
  const timer = setTimeout(() => { if (socket.bytesRead === 0) socket.destroy(); }, milliseconds);
  socket.once('close', () => clearTimeout(timer));
  timer.unref();
}

function hasTls(one) {
  return one.encrypted === true || typeof one.setSecureContext === 'function';
}

function isSame([host, port], [otherHost, otherPort]) {
  return host === otherHost && port === otherPort;
}
