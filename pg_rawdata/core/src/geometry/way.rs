//! The line of a way.

use crate::osm::Place;

/// The line through the nodes of a way: nodes that are not in the data (`None`) are passed over, a place that repeats
/// the one before is dropped. `None` where fewer than two places are left.
pub fn line(places: impl IntoIterator<Item = Option<Place>>) -> Option<Vec<Place>> {
    let mut line: Vec<Place> = places.into_iter().flatten().collect();
    line.dedup();
    (line.len() > 1).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: i32) -> Option<Place> {
        Some(Place { x, y: 0 })
    }

    #[test]
    fn missing_nodes_and_repeated_places_are_passed_over() {
        let xs = |line: Option<Vec<Place>>| line.map(|line| line.iter().map(|p| p.x).collect::<Vec<_>>());
        assert_eq!(xs(line([at(1), None, at(1), at(2), at(2), at(1), None])), Some(vec![1, 2, 1]));
        assert_eq!(xs(line([None, at(1), at(1)])), None);
        assert_eq!(xs(line([None, None])), None);
        assert_eq!(xs(line([])), None);
    }
}
