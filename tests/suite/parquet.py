"""Reads a GeoParquet file with pyarrow and writes a line of JSON for each row: parquet.py OUT IN.

Fails where the file is not what GeoParquet 1.1 asks for, or a box is not around its geometry.
"""
import datetime, json, struct, sys

import pyarrow.parquet

SIZES = {1: "Point", 2: "LineString", 3: "Polygon", 5: "MultiLineString", 6: "MultiPolygon"}


def places(wkb, at=0):
    """The places of a geometry, and where it ends."""
    kind, at = struct.unpack_from("<I", wkb, at + 1)[0], at + 5
    if kind == 1:
        return [struct.unpack_from("<2d", wkb, at)], at + 16
    count, at = struct.unpack_from("<I", wkb, at)[0], at + 4
    found = []
    for _ in range(count):
        if kind == 2:
            found.append(struct.unpack_from("<2d", wkb, at))
            at += 16
        elif kind == 3:
            size, at = struct.unpack_from("<I", wkb, at)[0], at + 4
            found += [struct.unpack_from("<2d", wkb, at + 16 * place) for place in range(size)]
            at += 16 * size
        else:
            part, at = places(wkb, at)
            found += part
    return found, at


def main(out, path):
    file = pyarrow.parquet.ParquetFile(path)
    geo = json.loads(file.metadata.metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert geo["version"] == "1.1.0" and column["encoding"] == "WKB", geo
    seen, corners = set(), []
    with open(out, "w", encoding="utf-8") as lines:
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                wkb, box = row["geometry"], row.pop("bbox")
                found, end = places(wkb)
                assert end == len(wkb), row
                xs, ys = [x for x, _ in found], [y for _, y in found]
                assert list(box) == ["xmin", "ymin", "xmax", "ymax"]
                for low, least, most, high in [("xmin", min(xs), max(xs), "xmax"), ("ymin", min(ys), max(ys), "ymax")]:
                    assert least - 2e-5 < box[low] <= least and most <= box[high] < most + 2e-5, (box, row)
                seen.add(SIZES[struct.unpack_from("<I", wkb, 1)[0]])
                corners += [(min(xs), min(ys)), (max(xs), max(ys))]
                row["geometry"] = wkb.hex()
                for name, value in row.items():
                    if isinstance(value, datetime.datetime):
                        row[name] = value.isoformat()
                    elif isinstance(value, list):
                        row[name] = dict(value)
                lines.write(json.dumps(row) + "\n")
    assert set(column["geometry_types"]) == seen, (column, seen)
    xs, ys = zip(*corners)
    assert column["bbox"] == [min(xs), min(ys), max(xs), max(ys)], column


main(*sys.argv[1:])
