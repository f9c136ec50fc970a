//! Deflate on several threads: blocks are packed each for itself, with the end of the one before as dictionary, and joined.
//!
//! A block ends on a byte (a sync flush), so blocks are one stream when laid end to end. Which thread packs a block makes no
//! difference to its bytes.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};

/// Bytes of a block. Smaller ones cost more than they gain: each begins with statistics of its own.
const BLOCK: usize = 1 << 20;
/// How far back deflate can refer.
const WINDOW: usize = 32 << 10;
/// A last block of nothing, for behind the others.
const END: [u8; 2] = [0x03, 0x00];
/// Blocks that a thread has before it or behind it.
const AHEAD: usize = 2;

/// What is known of a stream.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// CRC-32 of what went in.
    pub crc: u32,
    /// Bytes that came out.
    pub packed: u64,
    /// Bytes that went in.
    pub unpacked: u64,
}

/// Packs one stream after the other.
pub struct Deflater {
    level: u32,
    threads: usize,
    /// Begun as they are needed.
    begun: Vec<Thread>,
    /// Threads whose blocks are still to be fetched, in the order of the blocks.
    busy: VecDeque<usize>,
    next: usize,
    block: Vec<u8>,
    window: Bytes,
    crc: Crc,
    packed: u64,
    unpacked: u64,
}

struct Thread {
    jobs: SyncSender<Job>,
    blocks: Receiver<io::Result<Block>>,
}

struct Job {
    window: Bytes,
    data: Bytes,
}

struct Block {
    packed: Vec<u8>,
    crc: Crc,
}

impl Deflater {
    /// Packs at this level, 0 to 9, on up to so many threads.
    pub fn new(level: u32, threads: usize) -> Self {
        Self {
            level,
            threads: threads.max(1),
            begun: Vec::new(),
            busy: VecDeque::new(),
            next: 0,
            block: Vec::new(),
            window: Bytes::new(),
            crc: Crc::new(),
            packed: 0,
            unpacked: 0,
        }
    }

    /// Takes the next bytes. What is packed by now goes to `out`.
    pub fn write(&mut self, mut data: &[u8], out: &mut dyn Write) -> io::Result<()> {
        while !data.is_empty() {
            let (now, rest) = data.split_at(data.len().min(BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            data = rest;
            if self.block.len() == BLOCK {
                self.send(out)?;
            }
        }
        Ok(())
    }

    /// Bytes of this stream that have gone to `out`.
    pub fn packed(&self) -> u64 {
        self.packed
    }

    /// Ends the stream. The next byte begins another.
    pub fn end(&mut self, out: &mut dyn Write) -> io::Result<Sums> {
        if !self.block.is_empty() {
            self.send(out)?;
        }
        while let Some(thread) = self.busy.pop_front() {
            self.fetch(thread, out)?;
        }
        out.write_all(&END)?;
        let sums = Sums { crc: self.crc.sum(), packed: self.packed + END.len() as u64, unpacked: self.unpacked };
        self.window = Bytes::new();
        self.crc.reset();
        (self.packed, self.unpacked) = (0, 0);
        Ok(sums)
    }

    /// Gives the block to the next thread, and fetches the oldest where enough are under way.
    fn send(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.busy.len() == self.threads * AHEAD
            && let Some(thread) = self.busy.pop_front()
        {
            self.fetch(thread, out)?;
        }
        if self.begun.len() == self.next {
            self.begun.push(Thread::begin(self.level)?);
        }
        self.unpacked += self.block.len() as u64;
        let data = Bytes::from(std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK)));
        let window = std::mem::replace(&mut self.window, data.slice(data.len().saturating_sub(WINDOW)..));
        let thread = self.begun.get(self.next).ok_or_else(gone)?;
        thread.jobs.send(Job { window, data }).map_err(|_| gone())?;
        self.busy.push_back(self.next);
        self.next = (self.next + 1) % self.threads;
        Ok(())
    }

    fn fetch(&mut self, thread: usize, out: &mut dyn Write) -> io::Result<()> {
        let block = self.begun.get(thread).and_then(|thread| thread.blocks.recv().ok()).ok_or_else(gone)??;
        out.write_all(&block.packed)?;
        self.packed += block.packed.len() as u64;
        self.crc.combine(&block.crc);
        Ok(())
    }
}

impl Thread {
    fn begin(level: u32) -> io::Result<Self> {
        let (jobs, to_do) = sync_channel::<Job>(AHEAD);
        let (done, blocks) = sync_channel(AHEAD);
        thread::Builder::new().name("deflate".into()).spawn(move || {
            let mut deflate = Compress::new(Compression::new(level), false);
            for job in to_do {
                if done.send(pack(&mut deflate, &job)).is_err() {
                    return; // the stream was given up
                }
            }
        })?;
        Ok(Self { jobs, blocks })
    }
}

fn pack(deflate: &mut Compress, job: &Job) -> io::Result<Block> {
    deflate.reset();
    if !job.window.is_empty() {
        deflate.set_dictionary(&job.window)?;
    }
    let mut crc = Crc::new();
    crc.update(&job.data);
    let mut packed = Vec::with_capacity(job.data.len() / 4);
    let mut taken = 0;
    loop {
        packed.reserve(job.data.len() / 4 + 1024);
        let rest = job.data.get(taken..).unwrap_or_default();
        let before = deflate.total_in();
        deflate.compress_vec(rest, &mut packed, FlushCompress::Sync)?;
        taken += usize::try_from(deflate.total_in() - before).map_err(io::Error::other)?;
        // Where room is left, nothing waits to be written.
        if taken == job.data.len() && packed.len() < packed.capacity() {
            return Ok(Block { packed, crc });
        }
    }
}

fn gone() -> io::Error {
    io::Error::other("a thread that packs has ended")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;

    use super::*;

    fn numbers() -> impl Iterator<Item = u32> {
        std::iter::successors(Some(1_u32), |n| Some(n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
    }

    /// Text that can be packed, but not to nothing.
    fn text(length: usize) -> Vec<u8> {
        numbers().flat_map(|n| format!("{{\"osm_id\": {}}}\n", n >> 12).into_bytes()).take(length).collect()
    }

    fn packed(data: &[u8], level: u32, threads: usize, chunk: usize) -> (Vec<u8>, Sums) {
        let mut deflater = Deflater::new(level, threads);
        let mut out = Vec::new();
        for piece in data.chunks(chunk) {
            deflater.write(piece, &mut out).unwrap();
        }
        let sums = deflater.end(&mut out).unwrap();
        (out, sums)
    }

    #[test]
    fn what_is_packed_can_be_read_at_every_level_and_length() {
        for level in 0..=9 {
            for length in [0, 1, WINDOW, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17] {
                let data = text(length);
                let (out, sums) = packed(&data, level, 2, 100_000);
                let mut read = Vec::new();
                DeflateDecoder::new(&out[..]).read_to_end(&mut read).unwrap();
                assert!(read == data, "level {level}, {length} bytes");
                let mut crc = Crc::new();
                crc.update(&data);
                assert_eq!(
                    sums,
                    Sums { crc: crc.sum(), packed: out.len() as u64, unpacked: length as u64 },
                    "level {level}, {length} bytes"
                );
            }
        }
    }

    #[test]
    fn the_bytes_depend_neither_on_threads_nor_on_chunks() {
        let data = text(5 * BLOCK + 3);
        let (expected, sums) = packed(&data, 6, 1, data.len());
        for (threads, chunk) in [(1, 1000), (2, BLOCK), (3, 65_537), (8, 2 * BLOCK)] {
            let (out, same) = packed(&data, 6, threads, chunk);
            assert!(out == expected && same == sums, "{threads} threads, chunks of {chunk}");
        }
    }

    #[test]
    fn a_stream_does_not_refer_to_the_one_before() {
        let data = text(BLOCK + 5);
        let mut deflater = Deflater::new(6, 2);
        let (mut first, mut second) = (Vec::new(), Vec::new());
        deflater.write(&data, &mut first).unwrap();
        let sums = deflater.end(&mut first).unwrap();
        deflater.write(&data, &mut second).unwrap();
        assert_eq!(deflater.end(&mut second).unwrap(), sums);
        assert!(first == second);
    }

    #[test]
    fn a_block_refers_to_the_end_of_the_one_before() {
        let noise: Vec<u8> = numbers().map(|n| n.to_le_bytes()[3]).take(WINDOW - 1000).collect();
        let data = [vec![b' '; BLOCK - noise.len()], noise.clone(), noise.clone()].concat();
        let (out, _) = packed(&data, 6, 2, BLOCK);
        assert!(out.len() < noise.len() * 3 / 2, "{} bytes", out.len());
    }
}
