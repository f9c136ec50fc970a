//! How much a request may ask for, and who asks.

/// The documented limits of a request. [`Limits::PUBLISHED`] is the default.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Vertices of the area, closing points included.
    pub vertices: usize,
    /// Polygons of the area.
    pub parts: usize,
    /// Area of an export for callers who are not staff, in km².
    pub area_km2: f64,
    /// Area of an export that is not zipped, for callers who are not staff, in km².
    pub unzipped_area_km2: f64,
    /// Area of a plain request for everyone, in whole km².
    pub plain_area_km2: f64,
    /// Tag keys asked for in filters, over all geometry types.
    pub filters: usize,
    /// Tag keys asked for as columns, over all geometry types.
    pub attributes: usize,
    /// Length of one tag key or value in a filter or an attribute list, in bytes.
    pub text_bytes: usize,
}

impl Limits {
    /// The published numbers.
    pub const PUBLISHED: Self = Self {
        vertices: 100_000,
        parts: 5_000,
        area_km2: 100_000.0,
        unzipped_area_km2: 200.0,
        plain_area_km2: 6.0,
        filters: 500,
        attributes: 200,
        text_bytes: 1024,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::PUBLISHED
    }
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Anyone, logged in or not.
    Guest,
    /// Asks without limits of area and for stable names.
    Staff,
    /// As staff, and manages users and jobs.
    Admin,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// What the caller may do.
    pub role: Role,
    /// Whether it is known who the caller is; user names are for those.
    pub logged_in: bool,
}

impl Caller {
    /// A caller without a token.
    pub const ANYONE: Self = Self { role: Role::Guest, logged_in: false };
    /// A caller in SQL, whose limits are the privileges in the database.
    pub const DATABASE: Self = Self { role: Role::Admin, logged_in: true };
}
