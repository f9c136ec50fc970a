//! Which ways and relations are areas.
//!
//! The table of keys takes its facts from the package `osm-polygon-features` 0.9.2 by Martin Raifer (CC0), with the
//! additions marked below. A tag with the value `no` says nothing.

use crate::osm::Tags;

/// How closed ways are told from areas: the setting `rawdata.area_rule`. A data set is imported under one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AreaRule {
    /// A closed way is an area unless its tags say that it is a line, as those of a roundabout do.
    #[default]
    Tags,
    /// Every closed way is an area.
    Closed,
}

impl AreaRule {
    /// The rule of a name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Tags, Self::Closed].into_iter().find(|rule| rule.name() == name)
    }

    /// The rule's name: `tags` or `closed`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Closed => "closed",
        }
    }

    /// Whether a way of these node numbers and tags is an area.
    pub fn is_area(self, refs: &[i64], tags: Tags<'_>) -> bool {
        is_closed(refs)
            && match self {
                Self::Tags => !is_line(tags),
                Self::Closed => true,
            }
    }
}

/// Whether a way ends at the node where it begins and has more than three references. By number: two nodes at one
/// place don't close a way.
pub fn is_closed(refs: &[i64]) -> bool {
    refs.len() > 3 && refs.first() == refs.last()
}

/// Whether a relation of these tags is an area.
pub fn is_area_relation(tags: Tags<'_>) -> bool {
    matches!(tags.get("type"), Some("multipolygon" | "boundary"))
}

/// Whether tags of this key are dropped: they tell of the data's history, not of the object.
pub fn is_dropped(key: &str) -> bool {
    matches!(key, "odbl" | "source:ref")
}

/// Which values of a key make an area; the others make a line.
enum Areas {
    All,
    None,
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

use Areas::{All, AllBut, None as Never, Only};

/// Keys that tell areas from lines, in alphabetical order.
const KEYS: &[(&str, Areas)] = &[
    ("aerialway", Only(&["station"])), // added
    ("aeroway", AllBut(&["taxiway"])),
    ("amenity", All),
    ("area:highway", All),
    ("barrier", Only(&["city_wall", "ditch", "hedge", "retaining_wall", "spikes", "wall"])),
    ("boundary", All),
    ("building", All),
    ("building:part", All),
    ("craft", All),
    ("golf", AllBut(&["cartpath", "hole", "path"])), // exceptions added
    ("highway", Only(&["elevator", "escape", "rest_area", "services"])),
    ("historic", All),
    ("indoor", All),
    ("landuse", All),
    ("leisure", AllBut(&["slipway"])), // exception added
    ("man_made", AllBut(&["cutline", "embankment", "pipeline"])),
    ("military", All),
    ("natural", AllBut(&["arete", "cliff", "coastline", "ridge", "tree_row"])),
    ("office", All),
    ("piste:type", Only(&["downhill", "playground", "snow_park"])), // added
    ("place", All),
    ("power", Only(&["generator", "plant", "substation", "transformer"])),
    ("public_transport", All),
    ("railway", Only(&["platform", "roundhouse", "station", "turntable"])),
    ("route", Never), // added
    ("ruins", All),
    ("shop", All),
    ("tourism", All),
    ("waterway", Only(&["boatyard", "dam", "dock", "riverbank"])),
];

/// Whether a closed way is a line. `area` decides alone; else one tag that makes an area outweighs all that make lines;
/// without either it is no line.
fn is_line(tags: Tags<'_>) -> bool {
    if let Some(area) = tags.get("area") {
        return area == "no";
    }
    let mut line = false;
    for (key, value) in tags.iter().filter(|(_, value)| *value != "no") {
        let Ok(at) = KEYS.binary_search_by_key(&key, |(key, _)| key) else { continue };
        let area = match KEYS.get(at).map(|(_, areas)| areas) {
            Some(All) => true,
            Some(Only(values)) => values.contains(&value),
            Some(AllBut(values)) => !values.contains(&value),
            Some(Never) | None => false,
        };
        if area {
            return false;
        }
        line = true;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osm::OwnedTags;

    const RING: &[i64] = &[1, 2, 3, 1];

    fn is_area(rule: AreaRule, tags: &[(&str, &str)]) -> bool {
        rule.is_area(RING, tags.iter().copied().collect::<OwnedTags>().tags())
    }

    #[test]
    fn the_keys_are_in_order() {
        assert!(KEYS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_roundabout_is_a_line_and_a_building_an_area() {
        for (tags, expected) in [
            (&[("highway", "residential"), ("junction", "roundabout")][..], false),
            (&[("building", "yes")], true),
            (&[("barrier", "fence")], false),
            (&[("barrier", "hedge")], true),
            (&[("natural", "coastline")], false),
            (&[("natural", "coastline"), ("place", "island")], true),
            (&[("natural", "wood")], true),
            (&[("name", "somewhere")], true),
            (&[("highway", "no")], true),
            (&[("building", "no"), ("highway", "track")], false),
            (&[("barrier", "fence"), ("landuse", "meadow")], true),
            (&[("route", "ferry")], false),
        ] {
            assert_eq!(is_area(AreaRule::Tags, tags), expected, "{tags:?}");
            assert!(is_area(AreaRule::Closed, tags));
        }
    }

    #[test]
    fn the_tag_area_decides_alone() {
        assert!(is_area(AreaRule::Tags, &[("highway", "pedestrian"), ("area", "yes")]));
        assert!(!is_area(AreaRule::Tags, &[("building", "yes"), ("area", "no")]));
        assert!(is_area(AreaRule::Closed, &[("building", "yes"), ("area", "no")]));
    }

    #[test]
    fn a_way_is_closed_by_node_number_and_has_more_than_three_references() {
        for (refs, closed) in
            [(&[][..], false), (&[1], false), (&[1, 2, 1], false), (&[1, 2, 3, 4], false), (RING, true)]
        {
            assert_eq!(is_closed(refs), closed, "{refs:?}");
            assert_eq!(AreaRule::Closed.is_area(refs, Tags::default()), closed);
        }
    }

    #[test]
    fn names_and_rules_fit() {
        for rule in [AreaRule::Tags, AreaRule::Closed] {
            assert_eq!(AreaRule::parse(rule.name()), Some(rule));
        }
        assert_eq!(AreaRule::parse("Tags"), None);
    }
}
