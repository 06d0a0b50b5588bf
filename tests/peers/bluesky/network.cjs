// A local Bluesky made of the reference servers, all on loopback: PORT is the PDS, PORT-1 the PLC, PORT+1 the AppView,
// PORT+4 moderation. PORT-3 is ours: any request waits until the AppView has indexed everything that was written.
const { TestNetwork, mockMailer } = require('@atproto/dev-env');
const http = require('http');

const port = Number(process.env.PORT);

(async () => {
  const network = await TestNetwork.create({
    pds: { port, hostname: 'localhost' },
    bsky: { dbPostgresSchema: 'bsky', port: port + 1, publicUrl: `http://localhost:${port + 1}` },
    plc: { port: port - 1 },
    ozone: { port: port + 4 },
  });
  try {
    mockMailer(network.pds);
  } catch {
    // only louder
  }
  http
    .createServer(async (_, response) => {
      try {
        await network.processAll();
        response.end('indexed');
      } catch (error) {
        response.statusCode = 500;
        response.end(String(error));
      }
    })
    .listen(port - 3, '127.0.0.1');
  console.log('READY');
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
