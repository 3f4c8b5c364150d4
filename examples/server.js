// A web server that says which process answered.
'use strict';

const http = require('node:http');

const port = Number(process.env.PORT || 3000);

const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ pid: process.pid, path: request.url }) + '\n');
});

server.on('error', (error) => {
  console.error(`cannot listen on port ${port}: ${error.message}`);
  process.exit(1);
});

server.listen(port, () => console.log(`listening on port ${port}`));

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    console.log(`${signal}: closing`);
    // Finish what is in flight, and let nobody keep an idle connection open.
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
