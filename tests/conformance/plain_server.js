// SPDX-License-Identifier: Apache-2.0
// The plainest server that node has, to compare with: reads the body, answers 200. Its port is the
// first argument.
'use strict';
const http = require('http');

const server = http.createServer((request, response) => {
  request.on('error', () => {});
  request.on('end', () => response.end('ok'));
  request.resume();
});
server.listen(Number(process.argv[2]), '127.0.0.1');
