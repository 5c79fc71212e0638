"""What dkimpy makes of a mail's signature, with name servers that know what they are told.

Standard input: JSON {"mail": text, "records": {name: text}}. Standard output: JSON {"valid": bool, "domain": text, "selector": text,
"headers": [name]}.
"""
import json
import sys

import dkim


def main():
    asked = json.load(sys.stdin)
    records = asked["records"]

    def look_up(name, timeout=5):
        text = name.decode() if isinstance(name, bytes) else name
        found = records.get(text.rstrip("."))
        return found.encode() if found is not None else None

    checker = dkim.DKIM(asked["mail"].encode())
    try:
        valid = checker.verify(dnsfunc=look_up)
    except dkim.DKIMException as reason:
        print(reason, file=sys.stderr)
        valid = False
    told = {
        "valid": bool(valid),
        "domain": (checker.domain or b"").decode(),
        "selector": (checker.selector or b"").decode(),
        "headers": sorted({name.decode().lower() for name, _ in checker.signed_headers or []}),
    }
    print(json.dumps(told))


main()
