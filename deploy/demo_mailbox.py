#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A mailbox for the demo: takes every mail on a loopback port and keeps it in a folder.

usage: demo_mailbox.py PORT FOLDER

Speaks as much SMTP (RFC 5321) as a mail client needs that asks for nothing special.
"""
import asyncio
import os
import sys


class Mailbox:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def keep(self, text):
        self.count += 1
        with open(os.path.join(self.folder, f"{self.count:03}.eml"), "wb") as file:
            file.write(text)

    async def data(self, reader):
        lines = []
        while (line := await reader.readline()) not in (b".\r\n", b".\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self.keep(b"".join(lines))

    async def serve(self, reader, writer):
        writer.write(b"220 mailbox.example\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await self.data(reader)
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 mailbox.example\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()


async def main(port, folder):
    server = await asyncio.start_server(Mailbox(folder).serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
    except KeyboardInterrupt:
        pass
