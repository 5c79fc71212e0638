"""Says what pyHanko makes of the last seal in a PDF, as one line of JSON.

Arguments: the PDF, then certificates (PEM) to be trusted.
"""

import json
import sys

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext


def judge(path, roots):
    trusted = [load_cert_from_pemder(root) for root in roots]
    context = ValidationContext(trust_roots=trusted, allow_fetching=False)
    with open(path, "rb") as file:
        seals = PdfFileReader(file).embedded_signatures
        if not seals:
            return {"seals": 0}
        status = validate_pdf_signature(seals[-1], context, ts_validation_context=context)
        stamp = status.timestamp_validity
        return {
            "seals": len(seals),
            "valid": bool(status.bottom_line),
            "intact": bool(status.intact),
            "trusted": bool(status.trusted),
            "coverage": status.coverage.name,
            "changes": None if status.modification_level is None else status.modification_level.name,
            "locked": status.docmdp_ok,
            "timestamp": bool(stamp and stamp.valid and stamp.trusted),
            "subject": status.signing_cert.subject.human_friendly,
            "summary": status.summary(),
            "problem": status.trust_problem_indic and status.trust_problem_indic.name,
            "ended": status.error_time_horizon and status.error_time_horizon.isoformat(),
        }


def main():
    try:
        told = judge(sys.argv[1], sys.argv[2:])
    except Exception as error:  # whatever is wrong with the file is the verdict
        told = {"seals": 0, "error": f"{type(error).__name__}: {error}"}
    print(json.dumps(told))


main()
