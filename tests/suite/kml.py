"""Reads a KML file and writes a line of JSON for each placemark, its columns in order: kml.py OUT IN.

GDAL has columns of its own for KML, into which it puts ours of the same name.
"""
import json, sys
from xml.etree import ElementTree

KML = "{http://www.opengis.net/kml/2.2}"


def main(out, path):
    document = ElementTree.parse(path)
    names = [field.get("name") for field in document.iter(f"{KML}SimpleField")]
    assert len(set(names)) == len(names), names
    with open(out, "w", encoding="utf-8") as lines:
        for place in document.iter(f"{KML}Placemark"):
            values = {data.get("name"): data.text or "" for data in place.iter(f"{KML}SimpleData")}
            assert set(values) <= set(names), values
            values["osm_id"] = int(values["osm_id"])
            lines.write(json.dumps({name: values.get(name) for name in names}) + "\n")


main(*sys.argv[1:])
