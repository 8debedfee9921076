//! Bytes to UTF-8, with the offset of the first byte that is not of the encoding. Nothing is replaced.

use domain::import::FileProblem;
use encoding_rs::{DecoderResult, Encoding, UTF_16BE, UTF_16LE};
use std::io::Read;

const CHUNK: usize = 64 * 1024;
/// How far one may look ahead.
const AHEAD: usize = 8;

/// A decoding byte source.
pub(super) struct Decoder<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    encoding: &'static Encoding,
    raw: Vec<u8>,
    raw_at: usize,
    raw_len: usize,
    taken: u64,
    out: Vec<u8>,
    at: usize,
    is_at_end: bool,
    is_finished: bool,
    trouble: Option<FileProblem>,
}

impl<R: Read> Decoder<R> {
    /// Refuses what is no delimited text, and finds the byte order mark, which wins over the declared encoding.
    pub(super) fn open(mut input: R, declared: &str) -> Result<Self, FileProblem> {
        let mut raw = vec![0; CHUNK];
        let mut raw_len = 0;
        while raw_len < 512 {
            let got = input.read(&mut raw[raw_len..]).map_err(|why| unreadable(&why))?;
            if got == 0 {
                break;
            }
            raw_len += got;
        }
        let head = &raw[..raw_len];
        if let Some(what) = not_text(head) {
            return Err(what);
        }
        let declared = if declared.eq_ignore_ascii_case("utf-16") {
            Some(UTF_16LE)
        } else {
            Encoding::for_label(declared.as_bytes())
        };
        let Some(declared) = declared else {
            return Err(FileProblem::new(
                "BAD_MAPPING",
                "file.encoding: is not a known encoding; use utf-8, windows-1252 or utf-16",
            ));
        };
        let (encoding, mark) = Encoding::for_bom(head).unwrap_or((declared, 0));
        let looks_wide = [UTF_16LE, UTF_16BE].contains(&encoding) || !head.iter().take(64).any(|byte| *byte == 0);
        if !looks_wide && head.len() > 3 && (head[1] == 0) != (head[0] == 0) {
            return Err(FileProblem::new(
                "UTF_16_WITHOUT_MARK",
                "the file looks like UTF-16 without a byte order mark; save it as UTF-8, or declare file.encoding = \"utf-16\"",
            ));
        }
        Ok(Self {
            input,
            decoder: encoding.new_decoder_without_bom_handling(),
            encoding,
            raw,
            raw_at: mark,
            raw_len,
            taken: mark as u64,
            out: Vec::with_capacity(CHUNK * 2),
            at: 0,
            is_at_end: false,
            is_finished: false,
            trouble: None,
        })
    }

    pub(super) const fn bytes_read(&self) -> u64 {
        self.taken
    }

    /// The next byte of the text as UTF-8.
    pub(super) fn next(&mut self) -> Result<Option<u8>, FileProblem> {
        if self.at >= self.out.len() && !self.fill()? {
            return Ok(None);
        }
        let byte = self.out[self.at];
        self.at += 1;
        Ok(Some(byte))
    }

    /// A byte ahead, without taking it.
    pub(super) fn peek(&mut self, ahead: usize) -> Result<Option<u8>, FileProblem> {
        debug_assert!(ahead < AHEAD);
        while self.at + ahead >= self.out.len() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.out[self.at + ahead]))
    }

    /// Decodes more text; false at the end. Trouble is told only when all the text before it has been taken.
    fn fill(&mut self) -> Result<bool, FileProblem> {
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        if self.is_finished {
            return Ok(false);
        }
        self.out.drain(..self.at);
        self.at = 0;
        let before = self.out.len();
        while self.out.len() == before && !self.is_finished {
            if self.raw_at >= self.raw_len && !self.is_at_end {
                self.raw_at = 0;
                self.raw_len = self.input.read(&mut self.raw).map_err(|why| unreadable(&why))?;
                self.is_at_end = self.raw_len == 0;
            }
            let source = &self.raw[self.raw_at..self.raw_len];
            let room = self.decoder.max_utf8_buffer_length_without_replacement(source.len()).unwrap_or(CHUNK * 4) + 16;
            self.out.resize(before + room, 0);
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(source, &mut self.out[before..], self.is_at_end);
            self.out.truncate(before + written);
            self.raw_at += read;
            self.taken += read as u64;
            match result {
                DecoderResult::InputEmpty => self.is_finished = self.is_at_end,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    let offset = self.taken.saturating_sub(u64::from(length) + u64::from(after));
                    let message = format!(
                        "byte {offset} of the file is not valid {}; declare the file's encoding (file.encoding = \"windows-1252\"?) \
                         or save it as UTF-8. Nothing was imported",
                        self.encoding.name()
                    );
                    let trouble = FileProblem::new("INVALID_ENCODING", message);
                    self.is_finished = true;
                    if self.out.len() == before {
                        return Err(trouble);
                    }
                    self.trouble = Some(trouble);
                }
            }
        }
        Ok(self.out.len() > before)
    }
}

fn unreadable(why: &std::io::Error) -> FileProblem {
    FileProblem::new("UNREADABLE", format!("the file cannot be read: {why}"))
}

/// What is certainly no delimited text.
fn not_text(head: &[u8]) -> Option<FileProblem> {
    let no = |code: &str, message: &str| Some(FileProblem::new(code, message));
    let text = String::from_utf8_lossy(&head[..head.len().min(512)])
        .trim_start_matches('\u{feff}')
        .trim_start()
        .to_ascii_lowercase();
    match head {
        [] => no("EMPTY_FILE", "the file is empty: not even a header"),
        [b'P', b'K', 3, 4, ..] => {
            no("IS_XLSX", "this is an Excel workbook (.xlsx), not a CSV file, whatever its name: save it as CSV UTF-8")
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            no("IS_XLS", "this is an old Excel workbook (.xls), not a CSV file: save it as CSV UTF-8")
        }
        [0x1f, 0x8b, ..] => no("IS_GZIP", "the file is compressed (gzip): unpack it first"),
        [b'%', b'P', b'D', b'F', ..] => no("IS_PDF", "this is a PDF, not a CSV file"),
        _ if ["<!doctype", "<html", "<?xml", "<head", "<body"].iter().any(|start| text.starts_with(start)) => {
            no("IS_HTML", "this is a web page, not a CSV file: perhaps the session had expired when it was downloaded")
        }
        _ => None,
    }
}
