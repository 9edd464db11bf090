"""sink.py FILE: a mail relay that appends each mail, decoded, to FILE. Prints its port."""
import base64, socketserver, sys


class Sink(socketserver.StreamRequestHandler):
    def handle(self):
        say = lambda line: self.wfile.write(line + b"\r\n")
        say(b"220 sink")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word.startswith(b"DATA"):
                say(b"354 go on")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line.strip())
                at = lines.index(b"")
                with open(sys.argv[1], "ab") as out:
                    out.write(b"\n".join(lines[:at]) + b"\n\n" + base64.b64decode(b"".join(lines[at:])) + b"\n")
                say(b"250 taken")
            elif word.startswith(b"QUIT"):
                say(b"221 bye")
                return
            else:
                say(b"250 yes")


with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
