// A server as it stands on Node's front page, and nothing else: it heeds no signal.
require('node:http').createServer((_, response) => response.end('hello\n')).listen(process.argv[2]);
