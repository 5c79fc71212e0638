"""A mail server that is not ours: STARTTLS, AUTH, and a verdict for each recipient; keeps every mail as a file of JSON.

usage: mail_server.py PORT FOLDER CERTIFICATE KEY
FOLDER/replies holds lines "ADDRESS CODE TEXT": each refuses one mail to that address, in order.
"""
import asyncio
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        replies = self.folder / "replies"
        lines = replies.read_text().splitlines() if replies.exists() else []
        for line in lines:
            who, verdict = line.split(" ", 1)
            if who == address:
                lines.remove(line)
                replies.write_text("".join(one + "\n" for one in lines))
                return verdict
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part for part in mail.walk() if not part.is_multipart()]
        self.count += 1
        kept = {
            "tls": session.ssl is not None,
            "authenticated": bool(session.authenticated),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "defects": [str(defect) for part in mail.walk() for defect in part.defects],
            "parts": {part.get_content_type(): str(part.get_content()) for part in parts},
            "type": mail.get_content_type(),
            "source": envelope.content.decode("utf-8", "replace"),
        }
        draft = self.folder / ".draft"
        draft.write_text(json.dumps(kept))
        draft.rename(self.folder / f"{self.count:04}.json")
        return "250 kept"


def authenticate(server, session, envelope, mechanism, data):
    known = data.login == b"portal" and data.password == b"a secret: p@ss"
    # What is not handled here gets the server's own refusal; otherwise it would say nothing at all.
    return AuthResult(success=known, handled=False)


def main():
    port, folder, certificate, key = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    controller = Controller(
        Handler(pathlib.Path(folder)),
        hostname="127.0.0.1",
        port=int(port),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticate,
    )
    controller.start()
    asyncio.new_event_loop().run_forever()


main()
