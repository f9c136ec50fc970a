//! Arrays as PostgreSQL stores them: one dimension, numbered from 1, no NULLs.

/// Appends an `integer[]`, without its length word.
pub fn write_int4(items: &[i32], out: &mut Vec<u8>) {
    const INT4: i32 = 23;
    let count = i32::try_from(items.len()).unwrap_or(i32::MAX);
    for word in [i32::from(!items.is_empty()), 0, INT4] {
        out.extend_from_slice(&i32::to_ne_bytes(word));
    }
    if !items.is_empty() {
        for word in [count, 1].iter().chain(items) {
            out.extend_from_slice(&word.to_ne_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(items: &[i32]) -> Vec<i32> {
        let mut out = Vec::new();
        write_int4(items, &mut out);
        out.chunks(4).map(|word| i32::from_ne_bytes(word.try_into().unwrap())).collect()
    }

    #[test]
    fn arrays_are_as_the_server_stores_them() {
        assert_eq!(words(&[]), [0, 0, 23]);
        assert_eq!(words(&[7, 9]), [1, 0, 23, 2, 1, 7, 9]);
    }
}
