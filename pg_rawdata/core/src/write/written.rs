//! What an encoder has written, cut into chunks.

/// A chunk has so many bytes, but for the last.
const CHUNK: usize = 1 << 20;
/// And no more than these, however much a single feature takes.
const LARGEST: usize = 4 << 20;

/// Bytes that are appended by an encoder and taken as chunks.
#[derive(Debug, Default)]
pub struct Written {
    bytes: Vec<u8>,
    taken: usize,
}

impl Written {
    /// Where the encoder appends, once there is no chunk left to take.
    pub fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The next chunk, if there is enough for one.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        if self.left() < CHUNK { None } else { self.take() }
    }

    /// The next chunk, whatever its size; `None` where all is taken.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let left = self.left();
        if left == 0 {
            return None;
        }
        if self.taken == 0 && left <= LARGEST {
            return Some(std::mem::replace(&mut self.bytes, Vec::with_capacity(left.max(CHUNK))));
        }
        let end = self.taken + left.min(LARGEST);
        let chunk = self.bytes.get(self.taken..end).unwrap_or_default().to_vec();
        self.taken = end;
        if self.left() < CHUNK {
            // What is too little for a chunk begins the next one.
            self.bytes = self.bytes.split_off(end);
            self.taken = 0;
        }
        Some(chunk)
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the chunks of what is written in these steps, which are checked to be what was written.
    fn sizes(steps: &[usize]) -> Vec<usize> {
        let (mut written, mut all, mut chunks) = (Written::default(), Vec::new(), Vec::new());
        for (step, value) in steps.iter().zip(1..) {
            let bytes = vec![value; *step];
            all.extend_from_slice(&bytes);
            written.end().extend_from_slice(&bytes);
            chunks.extend(std::iter::from_fn(|| written.chunk()));
        }
        chunks.extend(std::iter::from_fn(|| written.take()));
        assert!(chunks.concat() == all);
        chunks.iter().map(Vec::len).collect()
    }

    #[test]
    fn chunks_are_whole_but_for_the_last_and_never_too_large() {
        let (half, mib) = (CHUNK / 2, CHUNK);
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&[1, 2]), [3]);
        assert_eq!(sizes(&[half, half, half]), [mib, half]);
        assert_eq!(sizes(&[half, half + 7, 1]), [mib + 7, 1]);
        assert_eq!(sizes(&[LARGEST]), [LARGEST]);
        assert_eq!(sizes(&[LARGEST + 1, 2]), [LARGEST, 3]);
        assert_eq!(sizes(&[half, 2 * LARGEST + mib, 5]), [LARGEST, LARGEST, mib + half, 5]);
        assert_eq!(sizes(&[2 * LARGEST + half, half, 1]), [LARGEST, LARGEST, mib, 1]);
    }
}
