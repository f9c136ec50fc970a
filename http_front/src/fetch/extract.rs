//! A region of an extract server, whose index (`index-v1.json`) tells what it has: GeoJSON, a feature a region.

use rawdata_core::{boundary, request::MultiPolygon};
use serde::Deserialize;
use serde_json::Value;

use super::{
    IDLE,
    site::{Answer, Site, Terms},
};

/// How many regions are offered where none fits.
const OFFERED: usize = 10;
/// How like a name must be to be offered.
const ALIKE: f64 = 0.85;

/// The regions that a server has.
pub struct Extracts {
    base: String,
    regions: Vec<Region>,
}

/// What is to be had of a region.
#[derive(Debug)]
pub struct Extract {
    /// Address of its file, a PBF.
    pub address: String,
    /// Folder of its diffs, where the server has some.
    pub updates: Option<String>,
    outline: Value,
}

impl Extract {
    /// Its outline.
    pub fn boundary(&self) -> Result<MultiPolygon, String> {
        boundary::from_geojson(&self.outline).map_err(|error| format!("the region's outline: {}", error.message()))
    }
}

#[derive(Deserialize)]
struct Index {
    features: Vec<Region>,
}

#[derive(Deserialize)]
struct Region {
    properties: Properties,
    #[serde(default)]
    geometry: Value,
}

#[derive(Deserialize)]
struct Properties {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    urls: Urls,
}

#[derive(Default, Deserialize)]
struct Urls {
    pbf: Option<String>,
    updates: Option<String>,
}

impl Extracts {
    /// Asks for the index.
    pub async fn of(base: &str, terms: &Terms) -> Result<Self, String> {
        let site = Site::new(base, terms, IDLE)?;
        let address = format!("{}/index-v1.json", site.base);
        let document = match site.ask(|| site.client.get(&address)).await? {
            Answer::Document(document) => document,
            Answer::Refused(status, text) => return Err(site.refusal(status, &text)),
        };
        let index: Index = serde_json::from_slice(&document)
            .map_err(|error| site.said(format!("index-v1.json is no index of extracts: {error}")))?;
        Ok(Self { base: site.base, regions: index.features })
    }

    /// The region of this id, or else the only one of this name.
    pub fn find(self, wanted: &str) -> Result<Extract, String> {
        let wanted = wanted.trim();
        let same = |text: &str| text.to_lowercase() == wanted.to_lowercase();
        let ids = |region: &&Region| same(&region.properties.id);
        let names = |region: &&Region| same(&region.properties.name);
        let named: Vec<&Region> = self.regions.iter().filter(names).collect();
        let region = match (self.regions.iter().find(ids), named.as_slice()) {
            (Some(region), _) => region,
            (None, [region]) => *region,
            (None, []) => return Err(self.unknown(wanted)),
            (None, several) => {
                let several = list(several);
                return Err(format!(
                    "{}: several regions are called {wanted}: give the id of one: {several}",
                    self.base
                ));
            }
        };
        let Properties { id, urls, .. } = &region.properties;
        let address = urls.pbf.clone().ok_or_else(|| format!("{}: of {id} there is no PBF to be had", self.base))?;
        Ok(Extract { address, updates: urls.updates.clone(), outline: region.geometry.clone() })
    }

    fn unknown(&self, wanted: &str) -> String {
        let mut near: Vec<(f64, &Region)> = self
            .regions
            .iter()
            .map(|region| (likeness(region, wanted), region))
            .filter(|(like, _)| *like >= ALIKE)
            .collect();
        near.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.properties.id.cmp(&y.properties.id)));
        let near: Vec<&Region> = near.into_iter().take(OFFERED).map(|(_, region)| region).collect();
        match near.as_slice() {
            [] => format!("{}: there is no region {wanted}, nor one like it, among {}", self.base, self.regions.len()),
            near => format!("{}: there is no region {wanted}; there is {}", self.base, list(near)),
        }
    }
}

/// How like a region's id, its last part or its name is to what is wanted; as like as can be where one holds the other.
fn likeness(region: &Region, wanted: &str) -> f64 {
    let wanted = wanted.to_lowercase();
    let (id, name) = (region.properties.id.to_lowercase(), region.properties.name.to_lowercase());
    let last = id.rsplit('/').next().unwrap_or_default().to_owned();
    let holds = |text: &String| text.len() > 3 && wanted.contains(text) || wanted.len() > 2 && text.contains(&wanted);
    let texts = [id, last, name];
    if texts.iter().any(holds) {
        return 1.0;
    }
    texts.iter().map(|text| strsim::jaro_winkler(text, &wanted)).fold(0.0, f64::max)
}

fn list(regions: &[&Region]) -> String {
    let one = |region: &&Region| match &region.properties {
        Properties { id, name, .. } if name.is_empty() || name == id => id.clone(),
        Properties { id, name, .. } => format!("{id} ({name})"),
    };
    regions.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn extracts() -> Extracts {
        let region = |(id, name): (&str, &str)| json!({ "type": "Feature", "properties": { "id": id, "name": name, "urls": { "pbf": format!("https://x.example/{id}") } } });
        let regions = [
            ("europe", "Europe"),
            ("georgia", "Georgia"),
            ("us/georgia", "Georgia (US)"),
            ("liechtenstein", "Liechtenstein"),
            ("limousin", "Limousin"),
            ("limburg", "Limburg"),
            ("nl-limburg", "Limburg"),
        ];
        let index = json!({ "features": regions.map(region) });
        Extracts { base: "https://x.example".into(), regions: serde_json::from_value::<Index>(index).unwrap().features }
    }

    #[test]
    fn a_region_is_found_by_its_id_or_its_only_name() {
        for (wanted, id) in [
            ("europe", "europe"),
            (" EUROPE ", "europe"),
            ("georgia", "georgia"),
            ("Georgia (US)", "us/georgia"),
            ("Limburg", "limburg"),
        ] {
            let extract = extracts().find(wanted).unwrap();
            assert_eq!((extract.address, extract.updates), (format!("https://x.example/{id}"), None), "{wanted}");
        }
        let mut two = extracts();
        two.regions.retain(|region| region.properties.id != "limburg");
        assert!(two.find("limburg").is_ok());
    }

    #[test]
    fn what_is_not_found_is_answered_by_what_is_like_it() {
        for (wanted, expected) in [
            ("Lichtenstein", "there is no region Lichtenstein; there is liechtenstein (Liechtenstein)"),
            ("georg", "georgia (Georgia), us/georgia (Georgia (US))"),
            ("atlantis", "nor one like it, among 7"),
        ] {
            let error = extracts().find(wanted).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let mut two = extracts();
        two.regions.iter_mut().for_each(|region| region.properties.id += "-x");
        let error = two.find("Limburg").unwrap_err();
        assert!(error.ends_with("give the id of one: limburg-x (Limburg), nl-limburg-x (Limburg)"), "{error}");
    }
}
