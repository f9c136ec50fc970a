//! What becomes of an object: the one place where imports, updates and `rebuild` decide it.

use super::multipolygon::{Assembly, Limits, RelationWay, relation_area, way_area};
use super::{AreaRule, Geometry, is_area_relation, is_dropped, line, relation_lines};
use crate::Result;
use crate::osm::{Place, Tags};

/// How ways and relations are made into features. The same rules and the same parts give the same bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Which closed ways are areas.
    pub area_rule: AreaRule,
    /// How much an area may take.
    pub limits: Limits,
    /// Whether an area is made of what there is where members or nodes are missing.
    pub best_effort: bool,
}

/// Whether a tag is left that makes an object a feature.
pub fn is_tagged(tags: Tags<'_>) -> bool {
    tags.iter().any(|(key, _)| !is_dropped(key))
}

impl Rules {
    /// The line or area of a way. `places` are those of `refs`, `None` where a node is not in the data.
    ///
    /// Lines belong into `ways_line`, areas into `ways_poly`, what has no geometry into `unplaced`.
    pub fn way(
        &self,
        id: i64,
        refs: &[i64],
        tags: Tags<'_>,
        places: &[Option<Place>],
        interrupt: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Assembly> {
        if self.area_rule.is_area(refs, tags) {
            return way_area(id, places, self.best_effort, &self.limits, interrupt);
        }
        Ok(Assembly { geometry: line(places.iter().copied()).map(Geometry::Line), problems: Vec::new() })
    }

    /// The area or the lines of a relation. `ways` are its members that are ways.
    pub fn relation(
        &self,
        tags: Tags<'_>,
        ways: &[RelationWay<'_>],
        interrupt: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Assembly> {
        if is_area_relation(tags) {
            return relation_area(ways, self.best_effort, &self.limits, interrupt);
        }
        let lines = ways.iter().filter_map(|way| Some((way.id, line(way.places?.iter().copied())?)));
        Ok(Assembly { geometry: relation_lines(lines), problems: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::osm::OwnedTags;

    const RING: [(i32, i32); 4] = [(0, 0), (4, 0), (4, 4), (0, 0)];

    fn places(points: &[(i32, i32)]) -> Vec<Option<Place>> {
        points.iter().map(|&(x, y)| Some(Place { x, y })).collect()
    }

    fn way(rules: Rules, places: &[Option<Place>], tags: &[(&str, &str)]) -> Assembly {
        let tags: OwnedTags = tags.iter().copied().collect();
        rules.way(9, &[1, 2, 3, 1], tags.tags(), places, &mut || Ok(())).unwrap()
    }

    #[test]
    fn tags_and_the_area_rule_tell_what_a_closed_way_is() {
        let rules = Rules::default();
        let closed = Rules { area_rule: AreaRule::Closed, ..rules };
        assert!(matches!(way(rules, &places(&RING), &[("building", "yes")]).geometry, Some(Geometry::Polygon(_))));
        assert!(matches!(way(rules, &places(&RING), &[("highway", "path")]).geometry, Some(Geometry::Line(_))));
        assert!(matches!(way(closed, &places(&RING), &[("highway", "path")]).geometry, Some(Geometry::Polygon(_))));
    }

    #[test]
    fn an_area_that_lacks_a_node_is_made_only_in_best_effort() {
        let mut gap = places(&[(0, 0), (4, 0), (5, 2), (4, 4), (0, 0)]);
        gap[2] = None;
        let rules = Rules::default();
        let made = way(rules, &gap, &[("building", "yes")]);
        assert_eq!((made.geometry, made.problems.len()), (None, 1));
        let made = way(Rules { best_effort: true, ..rules }, &gap, &[("building", "yes")]);
        assert!(made.geometry.is_some() && made.problems.len() == 1);
    }

    #[test]
    fn a_relation_is_an_area_or_lines_by_its_type() {
        let ring = places(&RING);
        let ways =
            [RelationWay { id: 1, role: "", places: Some(&ring) }, RelationWay { id: 2, role: "", places: None }];
        let made = |kind: &str, ways: &[RelationWay<'_>]| {
            let tags: OwnedTags = [("type", kind)].into_iter().collect();
            Rules::default().relation(tags.tags(), ways, &mut || Ok(())).unwrap()
        };
        assert!(matches!(made("boundary", &ways[..1]).geometry, Some(Geometry::Polygon(_))));
        assert_eq!(made("multipolygon", &ways).geometry, None);
        assert!(matches!(made("route", &ways).geometry, Some(Geometry::Lines(lines)) if lines.len() == 1));
    }

    #[test]
    fn an_object_of_dropped_tags_alone_is_no_feature() {
        let is = |pairs: &[(&str, &str)]| is_tagged(pairs.iter().copied().collect::<OwnedTags>().tags());
        assert!(!is(&[]) && !is(&[("odbl", "clean"), ("source:ref", "x")]) && is(&[("odbl", "clean"), ("a", "b")]));
    }
}
