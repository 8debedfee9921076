//! A delimited file as records, in bounded memory: whatever the file holds, a record keeps at most [`ROW_MOST`] bytes.
//!
//! Written by hand on purpose: it must know where a quote was opened that nobody closed, which byte is not of the encoding,
//! and the exact text of a record, so that a refused row can be given back as it was.

use super::decode::Decoder;
use domain::import::mapping::FileFormat;
use domain::import::{Code, FileProblem, Problem};
use std::io::Read;

/// The most bytes (as UTF-8) of one cell.
pub const CELL_MOST: usize = 64 * 1024;
/// The most bytes of one record.
pub const ROW_MOST: usize = 1024 * 1024;
/// The most columns of a file.
pub const COLUMNS_MOST: usize = 4096;

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its number; the header is 1.
    pub number: u64,
    /// Its text as it stood in the file, without the line end; empty where it was too long to keep.
    pub raw: String,
    /// What makes it unreadable, if anything.
    pub trouble: Option<Problem>,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// Its cells.
    #[must_use]
    pub fn cells(&self) -> Vec<&str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.text.get(start..*end).unwrap_or("")).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    QuoteInQuoted,
    AfterQuoted,
}

/// Reads records one after the other.
pub struct Records<R> {
    input: Decoder<R>,
    delimiter: u8,
    quote: u8,
    number: u64,
    preamble: String,
    after_cr: bool,
}

impl<R: Read> Records<R> {
    /// Opens a file: refuses what is no text at all, and finds byte order mark, lines to skip and `sep=`.
    ///
    /// # Errors
    /// [`FileProblem`].
    pub fn open(input: R, format: &FileFormat) -> Result<Self, FileProblem> {
        let mut input = Decoder::open(input, &format.encoding)?;
        let mut preamble = String::new();
        for _ in 0..format.skip_lines {
            preamble.push_str(&line(&mut input)?);
        }
        let mut delimiter = format.delimiter_byte().unwrap_or(b',');
        if let Some(declared) = separator_line(&mut input)? {
            delimiter = declared;
            preamble.push_str(&line(&mut input)?);
        }
        let quote = u8::try_from(format.quote).unwrap_or(b'"');
        Ok(Self { input, delimiter, quote, number: 0, preamble, after_cr: false })
    }

    /// The lines before the header, as they stood there.
    #[must_use]
    pub fn preamble(&self) -> &str {
        &self.preamble
    }

    /// The delimiter in use.
    #[must_use]
    pub const fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// How many bytes of the file were taken so far.
    #[must_use]
    pub const fn bytes_read(&self) -> u64 {
        self.input.bytes_read()
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// [`FileProblem`] where the rest of the file cannot be trusted: a quote without end, a byte that is not of the encoding.
    pub fn read(&mut self) -> Result<Option<Record>, FileProblem> {
        let mut at = Gathering::new(self.number + 1);
        let mut state = State::CellStart;
        let mut has_any = false;
        loop {
            let Some(byte) = self.input.next().map_err(|why| self.located(why))? else {
                if state == State::Quoted {
                    return Err(self.unbalanced(at.number));
                }
                if !has_any {
                    return Ok(None);
                }
                at.end_cell();
                break;
            };
            if self.after_cr {
                self.after_cr = false;
                if byte == b'\n' && !has_any {
                    continue;
                }
            }
            has_any = true;
            let is_end = matches!(byte, b'\n' | b'\r');
            if state != State::Quoted && is_end {
                self.after_cr = byte == b'\r';
                at.end_cell();
                break;
            }
            at.raw(byte);
            state = match state {
                State::CellStart if byte == self.quote => State::Quoted,
                State::CellStart | State::Plain | State::AfterQuoted if byte == self.delimiter => {
                    at.end_cell();
                    State::CellStart
                }
                State::CellStart | State::Plain => {
                    at.push(byte);
                    State::Plain
                }
                State::Quoted if byte == self.quote => State::QuoteInQuoted,
                State::Quoted => {
                    at.push(byte);
                    State::Quoted
                }
                State::QuoteInQuoted if byte == self.quote => {
                    at.push(byte);
                    State::Quoted
                }
                State::QuoteInQuoted if byte == self.delimiter => {
                    at.end_cell();
                    State::CellStart
                }
                // Spaces behind a closing quote are layout; anything else means that the quotes are broken.
                State::QuoteInQuoted | State::AfterQuoted => {
                    if byte != b' ' && byte != b'\t' {
                        at.is_misquoted = true;
                    }
                    State::AfterQuoted
                }
            };
        }
        self.number += 1;
        at.finish().map(Some)
    }

    fn located(&self, why: FileProblem) -> FileProblem {
        FileProblem { message: format!("row {}: {}", self.number + 1, why.message), ..why }
    }

    fn unbalanced(&self, row: u64) -> FileProblem {
        let message = format!(
            "row {row}: a quote is opened that is never closed, so the rest of the file cannot be told apart; \
             close it, or double a quote that belongs to the text. Nothing was imported"
        );
        FileProblem::new("UNBALANCED_QUOTE", message)
    }
}

/// The record being gathered; limits are kept here.
struct Gathering {
    number: u64,
    raw: Vec<u8>,
    text: Vec<u8>,
    ends: Vec<usize>,
    cell_start: usize,
    cell_bytes: usize,
    columns: usize,
    long_cell: Option<usize>,
    is_long: bool,
    is_misquoted: bool,
}

impl Gathering {
    const fn new(number: u64) -> Self {
        Self {
            number,
            raw: Vec::new(),
            text: Vec::new(),
            ends: Vec::new(),
            cell_start: 0,
            cell_bytes: 0,
            columns: 0,
            long_cell: None,
            is_long: false,
            is_misquoted: false,
        }
    }

    fn raw(&mut self, byte: u8) {
        if self.raw.len() < ROW_MOST {
            self.raw.push(byte);
        } else {
            self.is_long = true;
        }
    }

    fn push(&mut self, byte: u8) {
        self.cell_bytes += 1;
        if self.cell_bytes > CELL_MOST {
            self.long_cell.get_or_insert(self.columns);
        } else if !self.is_long {
            self.text.push(byte);
        }
    }

    fn end_cell(&mut self) {
        self.columns += 1;
        self.cell_bytes = 0;
        if self.columns <= COLUMNS_MOST {
            self.ends.push(self.text.len());
        }
        self.cell_start = self.text.len();
    }

    fn finish(self) -> Result<Record, FileProblem> {
        let number = self.number;
        let broken = |_| FileProblem::new("INVALID_ENCODING", format!("row {number}: the text is not valid UTF-8"));
        let trouble = if self.is_long {
            let message = format!(
                "the record is longer than {} kB, which is the limit; it is left out whole, nothing is cut",
                ROW_MOST / 1024
            );
            Some(Problem::new(Code::RowTooLong, message))
        } else if self.columns > COLUMNS_MOST {
            Some(Problem::new(
                Code::TooManyCells,
                format!("the record has {} cells; the limit is {COLUMNS_MOST}", self.columns),
            ))
        } else if let Some(column) = self.long_cell {
            let message = format!(
                "cell {} is longer than {} kB, which is the limit; the row is left out whole, nothing is cut",
                column + 1,
                CELL_MOST / 1024
            );
            Some(Problem::new(Code::CellTooLong, message))
        } else if self.is_misquoted {
            Some(Problem::new(
                Code::MisplacedQuote,
                "text stands behind a closing quote; double a quote that belongs to the text",
            ))
        } else {
            None
        };
        let raw = if self.is_long { String::new() } else { String::from_utf8(self.raw).map_err(broken)? };
        // Of a record with trouble only `raw` is used.
        let (text, ends) = if trouble.is_some() {
            (String::new(), Vec::new())
        } else {
            (String::from_utf8(self.text).map_err(broken)?, self.ends)
        };
        Ok(Record { number, raw, trouble, text, ends })
    }
}

/// One physical line with its end, for lines before the header.
fn line<R: Read>(input: &mut Decoder<R>) -> Result<String, FileProblem> {
    let mut line = Vec::new();
    while let Some(byte) = input.next()? {
        if line.len() < ROW_MOST {
            line.push(byte);
        }
        if byte == b'\n' {
            break;
        }
        if byte == b'\r' {
            if input.peek(0)? == Some(b'\n') {
                input.next()?;
                line.push(b'\n');
            }
            break;
        }
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Excel's `sep=;` before the header: the delimiter it declares.
fn separator_line<R: Read>(input: &mut Decoder<R>) -> Result<Option<u8>, FileProblem> {
    for (at, want) in b"sep=".iter().enumerate() {
        if input.peek(at)?.map(|byte| byte.to_ascii_lowercase()) != Some(*want) {
            return Ok(None);
        }
    }
    let (declared, after) = (input.peek(4)?, input.peek(5)?);
    Ok(declared.filter(|byte| !matches!(byte, b'\r' | b'\n')).filter(|_| matches!(after, None | Some(b'\r' | b'\n'))))
}
