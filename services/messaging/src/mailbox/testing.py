# A mailbox that is not ours: pymap, in a process of its own. It says at which port it listens, keeps mails that are named on its input,
# lists what a folder holds, and ends with whoever started it.
import base64
import imaplib
import json
import socket
import ssl
import subprocess
import sys
import time

user, password, *tls = sys.argv[1:]
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
protection = ["--cert", tls[0], "--key", tls[1]] if tls else ["--no-tls"]
server = subprocess.Popen(
    [sys.executable, "-c", "from pymap.main import main; main()", "--host", "127.0.0.1", "--port", str(port), *protection, "dict",
     "--demo-data", "--demo-user", user, "--demo-password", password],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    print(port, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        mailbox = imaplib.IMAP4("127.0.0.1", port)
        if tls:
            context = ssl.create_default_context(cafile=tls[0])
            context.check_hostname = False
            mailbox.starttls(context)
        mailbox.login(user, password)
        if "append" in asked:
            mailbox.append(asked["folder"], None, None, base64.b64decode(asked["append"]))
            answer = []
        else:
            answer = None
            if mailbox.select('"' + asked["folder"] + '"', readonly=True)[0] == "OK":
                found = mailbox.fetch("1:*", "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
                answer = [[part[0].decode(), part[1].decode().strip()] for part in found if isinstance(part, tuple)]
        mailbox.logout()
        print(json.dumps(answer), flush=True)
finally:
    server.kill()
