// Loaded by Node before the program (NODE_OPTIONS=--require) where instances share their sockets.
//
// When the program listens on a TCP port, the daemon is asked for the socket and hands it over by
// the channel (NODE_CHANNEL_FD): so all instances listen on the same one, and it outlives each of
// them. When the daemon asks to drain, node_leaving.cjs sees to the connections; those that others
// leave come by the same way.
//
// Words whose `cmd` begins with NODE_ are "internal" to Node: they reach no listener of the program,
// and listening for them does not keep it alive.

'use strict';

const { isMainThread } = require('node:worker_threads');

const CMD = 'NODE_PMDAEMON';
const CUT_OFF = 1000; // milliseconds between two looks whether the daemon can still answer

const preload = process.env.PMDAEMON_PRELOAD;
delete process.env.PMDAEMON_PRELOAD;
if (preload !== undefined && isMainThread) {
  // What the program starts is not to load this.
  const rest = (process.env.NODE_OPTIONS ?? '').replace(preload, '').trim();
  if (rest) process.env.NODE_OPTIONS = rest;
  else delete process.env.NODE_OPTIONS;
  if (process.send && process.channel) shareSockets();
}

function shareSockets() {
  const dns = require('node:dns');
  const net = require('node:net');
  const { courtesy } = require('./node_courtesy.cjs');
  const { Leaving } = require('./node_leaving.cjs');

  const listen = net.Server.prototype.listen;
  const asked = new Map(); // what to do with the answer, by number
  let number = 0;

  const say = (message, handle, done = () => {}) => {
    // Without a daemon, and its keeper, there is nobody to tell.
    if (process.connected) process.send({ cmd: CMD, ...message }, handle, {}, done);
  };
  const leaving = new Leaving({
    offer: () => say({ act: 'offer' }),
    hand: (at, handle, done) => say({ act: 'hand', at }, handle, done),
    gone: () => say({ act: 'drained' }),
  });

  net.Server.prototype.listen = function (...args) {
    const wanted = wantedAddress(args);
    this.once('listening', () => say({ act: 'listening' }));
    if (wanted === null || !process.connected) return listen.apply(this, args);
    if (wanted.callback) this.once('listening', wanted.callback);
    // The program has nothing else to live for until the answer is there.
    const alive = setInterval(listenAloneIfCutOff, CUT_OFF);
    let closed = false;
    const gone = () => { closed = true; };
    this.once('close', gone);
    const settle = (error, handle) => {
      clearInterval(alive);
      this.removeListener('close', gone);
      if (closed || leaving.begun) handle?.close();
      else if (error) this.emit('error', error);
      else if (handle) listenTogether(this, handle, wanted.backlog);
      else listen.call(this, { ...wanted.options, port: wanted.port, host: wanted.host });
    };
    resolve(wanted.host, (error, host) => {
      if (error) { settle(error); return; }
      const at = [host ?? null, wanted.port];
      leaving.watch(this, at);
      asked.set(++number, { settle, port: wanted.port, host });
      say({ act: 'listen', seq: number, at });
    });
    return this;
  };

  function listenTogether(server, handle, backlog) {
    server.on('connection', courtesy());
    listen.call(server, { _handle: handle }, backlog);
  }

  process.on('internalMessage', (message, handle) => {
    if (message.cmd === 'NODE_HANDLE_ACK') leaving.confirmed();
    if (message.cmd !== CMD) return;
    switch (message.act) {
      case 'drain': leaving.begin(); break;
      case 'give': leaving.give(); break;
      case 'keep': leaving.keep(); break;
      case 'take': if (handle) leaving.take(message.at, handle); break;
      default: answered(message, handle);
    }
  });

  function answered(message, handle) {
    const waiting = asked.get(message.seq);
    asked.delete(message.seq);
    if (!waiting) handle?.close();
    else if (handle) waiting.settle(null, handle);
    else waiting.settle(cannotListen(message.code, waiting));
  }

  // Listening for `disconnect` would keep the program alive, so it is looked for.
  function listenAloneIfCutOff() {
    if (process.connected) return;
    for (const waiting of asked.values()) waiting.settle(null, null);
    asked.clear();
  }

  function resolve(host, callback) {
    if (host === undefined || net.isIP(host)) callback(null, host);
    else dns.lookup(host, callback);
  }
}

// What listen() was asked for, or null when it is not a TCP port that others could share.
function wantedAddress(args) {
  const callback = typeof args.at(-1) === 'function' ? args.at(-1) : undefined;
  const [first, second, third] = args;
  let options;
  if (typeof first === 'object' && first !== null) {
    options = first;
  } else if (typeof first === 'number' || (typeof first === 'string' && /^\s*[0-9]+\s*$/.test(first))) {
    const host = typeof second === 'string' ? second : undefined;
    const backlog = [second, third].find((value) => typeof value === 'number');
    options = { port: first, host, backlog };
  } else {
    return null;
  }
  const alone = ['fd', 'path', '_handle', 'handle', 'exclusive', 'reusePort', 'signal', 'ipv6Only'];
  if (alone.some((name) => options[name] !== undefined && options[name] !== false)) return null;
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) return null;
  const host = options.host || undefined;
  return { port, host, backlog: options.backlog, callback, options };
}

function cannotListen(code, { port, host }) {
  const address = host ?? '::';
  const error = new Error(`listen ${code}: ${address}:${port}`);
  return Object.assign(error, { code, syscall: 'listen', address, port });
}
