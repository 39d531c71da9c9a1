#!/usr/bin/env python3
"""A wire with a delay: wire.py PORT TARGET_PORT MILLISECONDS - TCP on loopback, half of the delay in each direction."""
import asyncio
import sys


async def carry(reader, writer, delay):
    loop = asyncio.get_running_loop()
    while chunk := await reader.read(65536):
        loop.call_later(delay, writer.write, chunk)
    loop.call_later(delay, writer.close)


async def main(port, target, milliseconds):
    async def serve(reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        delay = milliseconds / 2000
        await asyncio.gather(carry(reader, far_writer, delay), carry(far_reader, writer, delay))

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
