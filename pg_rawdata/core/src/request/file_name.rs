//! `fileName`: names of exports and of the files in them.

use super::format::Format;

/// Longest name, in bytes: with format, job and extension it must stay a file's name, which may have 255.
const LONGEST: usize = 190;
/// The name of an export that was given none.
const UNNAMED: &str = "RawExport";
/// Names that one system or another takes for a device.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name of an export, harmless as a file's name on any system: folders, and the name proper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    folders: Vec<String>,
    stem: String,
    has_slash: bool,
}

impl FileName {
    /// The name as asked for, made harmless. White space, `:` and `-` turn into `_`, as clients know it.
    pub fn new(asked: &str) -> Self {
        let mut folders: Vec<String> = asked.split('/').filter_map(harmless).collect();
        let is_folder = asked.ends_with('/');
        let stem = if is_folder { None } else { folders.pop() };
        Self { folders, stem: stem.unwrap_or_else(|| UNNAMED.to_owned()), has_slash: asked.contains('/') }
    }

    /// The name without folders; also the name of the data file, without its extension.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// The folders, the outermost first.
    pub fn folders(&self) -> &[String] {
        &self.folders
    }

    /// Whether folders were asked for, if only to make them harmless.
    pub fn has_folders(&self) -> bool {
        self.has_slash
    }

    /// The name of the data file.
    pub fn data_file(&self, format: Format) -> String {
        format!("{}.{}", self.stem, format.extension())
    }

    /// The name of the export with its folders, without an extension: `folder/name_geojson_uid_JOB`.
    pub fn export_name(&self, format: Format, job: Option<&str>) -> String {
        let mut name = self.folders.join("/");
        if !name.is_empty() {
            name.push('/');
        }
        name.push_str(&self.stem);
        name.push('_');
        name.push_str(format.name());
        if let Some(job) = job {
            name.push_str("_uid_");
            name.push_str(job);
        }
        name
    }
}

/// One part of a name, or nothing where nothing is left of it.
fn harmless(part: &str) -> Option<String> {
    let mut name = String::with_capacity(part.len().min(LONGEST));
    let mut in_space = false;
    for letter in part.chars() {
        let space = letter.is_whitespace();
        let letter = match letter {
            _ if space && in_space => continue,
            ':' | '-' | '\\' | '"' | '<' | '>' | '|' | '*' | '?' => '_',
            _ if space || letter.is_control() || is_invisible(letter) => '_',
            '.' if name.is_empty() || name.ends_with('.') => continue,
            _ => letter,
        };
        in_space = space;
        if name.len() + letter.len_utf8() > LONGEST {
            break;
        }
        name.push(letter);
    }
    let name = name.trim_end_matches('.');
    let base = name.split('.').next().unwrap_or_default();
    if DEVICES.iter().any(|device| base.eq_ignore_ascii_case(device)) {
        return Some(format!("_{name}"));
    }
    (!name.is_empty()).then(|| name.to_owned())
}

/// Signs that turn the direction of a text or take no room, so that a name reads as another.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stem(asked: &str) -> String {
        FileName::new(asked).stem().to_owned()
    }

    #[test]
    fn white_space_colons_and_dashes_become_underlines() {
        assert_eq!(stem("My test: a-b export"), "My_test__a_b_export");
        assert_eq!(stem("a \t\n b"), "a_b");
        assert_eq!(stem("Pok hara"), "Pok_hara");
        assert_eq!(stem("café 中"), "café_中");
    }

    #[test]
    fn what_is_left_empty_gets_the_usual_name() {
        for asked in ["", ".", "..", "...", "/", "a/", "../.."] {
            assert_eq!(stem(asked), "RawExport", "{asked:?}");
        }
    }

    #[test]
    fn paths_and_controls_are_made_harmless() {
        for (asked, expected) in [
            ("..\\..\\x", "_._x"),
            ("x\0.zip", "x_.zip"),
            ("x\r\nSet-Cookie: a=b", "x_Set_Cookie__a=b"),
            ("x\"; filename=\"y", "x_;_filename=_y"),
            (".hidden", "hidden"),
            ("name.", "name"),
            ("a..b", "a.b"),
            ("\u{202e}gpj.exe", "_gpj.exe"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("NUL:", "NUL_"),
        ] {
            assert_eq!(stem(asked), expected, "{asked:?}");
        }
    }

    #[test]
    fn folders_stay_below_the_place_they_are_put() {
        let name = FileName::new("/a-b/../../c/./d");
        assert_eq!(name.folders(), ["a_b", "c"]);
        assert_eq!(name.stem(), "d");
        assert!(name.has_folders());
        assert!(!FileName::new("d").has_folders());
        assert!(FileName::new("/d").has_folders(), "a slash asks for folders even if none comes of it");
    }

    #[test]
    fn names_are_put_together_as_clients_expect() {
        let name = FileName::new("ISO3/Nepal roads");
        assert_eq!(name.export_name(Format::GeoJson, Some("1-2")), "ISO3/Nepal_roads_geojson_uid_1-2");
        assert_eq!(name.export_name(Format::Csv, None), "ISO3/Nepal_roads_csv");
        assert_eq!(name.data_file(Format::Csv), "Nepal_roads.csv");
        assert_eq!(FileName::new("").data_file(Format::GeoJson), "RawExport.geojson");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(stem(&"a".repeat(500)).len(), LONGEST);
        assert_eq!(stem(&"é".repeat(500)), "é".repeat(95));
        assert_eq!(stem(&("a".to_owned() + &"中".repeat(500))).len(), 190);
        assert_eq!(stem(&("ab".to_owned() + &"中".repeat(500))).len(), 188);
    }

    proptest! {
        #[test]
        fn no_name_is_harmful(asked in any::<String>()) {
            let name = FileName::new(&asked);
            for part in name.folders().iter().map(String::as_str).chain([name.stem()]) {
                prop_assert!(!part.is_empty() && part.len() <= LONGEST + 1);
                prop_assert!(!part.starts_with('.') && !part.ends_with('.') && !part.contains(".."));
                prop_assert!(!part.chars().any(|c| c.is_control() || c.is_whitespace() || "/\\:\"".contains(c)));
            }
        }

        #[test]
        fn a_harmless_name_stays_as_it_is(asked in "[A-Za-z0-9_]{1,60}") {
            prop_assume!(!DEVICES.contains(&asked.to_ascii_lowercase().as_str()));
            prop_assert_eq!(stem(&asked), asked);
        }
    }
}
