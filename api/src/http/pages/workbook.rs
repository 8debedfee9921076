//! A sheet as a workbook: one worksheet for where it comes from, and one for each table.
//!
//! A cell of a workbook is a float of which a spreadsheet shows 15 digits. Where a value has more, its column is followed by one
//! with the same values as text, to the last digit. The same sheet gives the same bytes: no clock is read. A text that is longer
//! than a cell may be is cut; the other formats have it whole.

use super::sheet::{Cell, Sheet, Table, Unit};
use domain::money::Currency;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use std::borrow::Cow;

/// The digits that a float of a spreadsheet keeps.
const DIGITS: usize = 15;
/// A worksheet's name may be so long.
const NAME_CHARS: usize = 31;
/// A cell may hold so many UTF-16 units; one more, and the library refuses the file.
const TEXT_UNITS: usize = 32_767;
/// Digits after the point of a currency that nobody knows: most have them.
const MINOR_DIGITS: u32 = 2;
/// The widest column; longer texts are wrapped.
const WIDTH_MOST: f64 = 60.0;
/// A4.
const PAPER: u8 = 9;

/// Whether a float keeps every digit of it.
fn is_kept(number: Decimal) -> bool {
    let digits = number.normalize().mantissa().unsigned_abs().to_string().trim_end_matches('0').len();
    digits <= DIGITS
}

/// How a cell shows a number: amounts with the digits of their currency, measured numbers with those that the page shows.
fn pattern(unit: Unit, minor_digits: u32) -> String {
    let fixed = match unit {
        Unit::Money => {
            let point = if minor_digits == 0 { "" } else { "." };
            let amount = format!("#,##0{point}{}", "0".repeat(minor_digits as usize));
            return format!("{amount};[Red]-{amount}");
        }
        Unit::Count => "#,##0",
        Unit::Multiple => "0.00####\"x\"",
        Unit::Rate => "0.0###%",
        Unit::Plain => "#,##0.00####",
        Unit::Text => "@",
    };
    fixed.to_owned()
}

/// A text as far as a cell holds it.
fn fitting(text: &str) -> Cow<'_, str> {
    if text.encode_utf16().count() <= TEXT_UNITS {
        return Cow::Borrowed(text);
    }
    // One for the ellipsis.
    let mut units = 1;
    let kept = text.chars().take_while(|letter| {
        units += letter.len_utf16();
        units <= TEXT_UNITS
    });
    Cow::Owned(kept.chain(['\u{2026}']).collect())
}

/// The bytes.
///
/// # Errors
/// What the workbook cannot hold.
pub(super) fn write(sheet: &Sheet, published_at: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    // The instant as the deliverable has it, to the second: the file's own clock.
    let made = ExcelDateTime::parse_from_str(published_at.get(..19).unwrap_or_default())?;
    let properties = DocProperties::new().set_title(&sheet.title).set_subject(&sheet.subtitle);
    book.set_properties(&properties.set_creation_datetime(&made));
    front(book.add_worksheet(), sheet)?;
    let minor_digits = sheet.currency.parse::<Currency>().map_or(MINOR_DIGITS, Currency::minor_digits);
    for (at, part) in sheet.parts.iter().enumerate() {
        let mut own;
        let table = if let Some(table) = &part.table {
            table
        } else {
            own = Table::new([("Figure", Unit::Text), ("Line", Unit::Text)]);
            for one in &part.outline {
                for line in &one.lines {
                    own.push(vec![Cell::text(&one.title), Cell::text(line)]);
                }
            }
            &own
        };
        let page = book.add_worksheet();
        page.set_name(name(at + 1, part.heading))?;
        write_table(page, table, minor_digits)?;
    }
    book.save_to_buffer()
}

/// A name that a worksheet may have, and no other one has.
fn name(number: usize, heading: &str) -> String {
    let plain = heading.chars().filter(|letter| !matches!(letter, '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\''));
    format!("{number} ").chars().chain(plain).take(NAME_CHARS).collect::<String>().trim().to_owned()
}

fn front(page: &mut Worksheet, sheet: &Sheet) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    page.set_name("Document")?;
    page.write_string_with_format(0, 0, fitting(&sheet.title), &Format::new().set_bold().set_font_size(16))?;
    page.write_string(1, 0, fitting(&sheet.subtitle))?;
    let mut row = 2;
    if let Some(notice) = &sheet.notice {
        page.write_string_with_format(row, 0, notice, &Format::new().set_bold().set_font_color("#A5342A"))?;
        row += 1;
    }
    for (label, figure, about) in &sheet.headlines {
        row += 1;
        page.write_string_with_format(row, 0, label, &bold)?;
        page.write_string_with_format(row, 1, figure, &bold)?;
        page.write_string(row, 2, fitting(about))?;
    }
    row += 1;
    for (label, value) in &sheet.facts {
        row += 1;
        page.write_string(row, 0, *label)?;
        page.write_string_with_format(row, 1, fitting(value), &wrapped)?;
    }
    page.set_column_width(0, 26)?.set_column_width(1, 70)?.set_column_width(2, 60)?;
    print(page);
    Ok(())
}

fn print(page: &mut Worksheet) {
    page.set_landscape().set_paper_size(PAPER).set_print_fit_to_pages(1, 0);
}

fn write_table(page: &mut Worksheet, table: &Table, minor_digits: u32) -> Result<(), XlsxError> {
    let heading = Format::new().set_bold().set_text_wrap().set_border_bottom(FormatBorder::Thin);
    let mut column = 0_u16;
    for (at, of) in table.columns.iter().enumerate() {
        let shown_as = pattern(of.unit, minor_digits);
        let cells = || table.rows.iter().filter_map(|row| Some((row.is_total, row.cells.get(at)?)));
        let loses = cells().any(|(_, cell)| matches!(cell, Cell::Number(number) if !is_kept(*number)));
        page.write_string_with_format(0, column, &of.title, &heading)?;
        let mut chars = of.title.chars().count().min(18);
        for (line, (is_total, cell)) in cells().enumerate() {
            let row = u32::try_from(line + 1).unwrap_or(u32::MAX);
            let mut format = Format::new().set_align(FormatAlign::Top);
            if is_total {
                format = format.set_bold().set_border_top(FormatBorder::Thin);
            }
            match cell {
                Cell::Empty => {
                    page.write_blank(row, column, &format)?;
                }
                Cell::Text(text) => {
                    page.write_string_with_format(row, column, fitting(text), &format.set_text_wrap())?;
                }
                Cell::Number(number) => {
                    let format = format.set_num_format(&shown_as);
                    page.write_number_with_format(row, column, number.to_f64().unwrap_or_default(), &format)?;
                }
            }
            chars = chars.max(cell.shown(of.unit).chars().count());
        }
        let width = u32::try_from(chars + 3).map_or(WIDTH_MOST, f64::from).min(WIDTH_MOST);
        page.set_column_width(column, width)?;
        column += 1;
        if loses {
            page.write_string_with_format(0, column, format!("{}, exact", of.title), &heading)?;
            for (line, (_, cell)) in cells().enumerate() {
                page.write_string(u32::try_from(line + 1).unwrap_or(u32::MAX), column, fitting(&cell.exact()))?;
            }
            page.set_column_width(column, width + 8.0)?;
            column += 1;
        }
    }
    page.set_freeze_panes(1, 1)?.set_repeat_rows(0, 0)?;
    print(page);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::dec;

    #[test]
    fn what_a_float_keeps_is_what_it_shows_again() {
        for (number, kept) in [
            (dec!(123456789012345), true),
            (dec!(1234567890123456), false),
            (dec!(-63.636363636364), true),
            (dec!(1234.123456789012), false),
            (dec!(92233720368547758070), false),
            (dec!(10000000000000000000.00), true),
        ] {
            assert_eq!(is_kept(number), kept, "{number}");
        }
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        for (code, shown) in
            [("USD", "#,##0.00;[Red]-#,##0.00"), ("JPY", "#,##0;[Red]-#,##0"), ("KWD", "#,##0.000;[Red]-#,##0.000")]
        {
            let currency: Currency = code.parse().unwrap();
            assert_eq!(pattern(Unit::Money, currency.minor_digits()), shown);
        }
    }

    #[test]
    fn a_text_is_cut_where_a_cell_ends() {
        assert_eq!(fitting("N"), "N");
        let most = "n".repeat(TEXT_UNITS);
        assert_eq!(fitting(&most), most);
        // Two units each: the last one that does not fit in whole is left out.
        for long in [format!("{most}n"), "\u{1F600}".repeat(TEXT_UNITS)] {
            let cut = fitting(&long);
            assert!(cut.ends_with('\u{2026}') && cut.encode_utf16().count() <= TEXT_UNITS);
        }
        let outline = super::super::sheet::Outline { title: "T".into(), lines: vec![format!("{most}n")] };
        let part = super::super::sheet::Part { heading: "H", outline: vec![outline], ..Default::default() };
        let sheet = Sheet { parts: vec![part], ..Sheet::default() };
        assert!(write(&sheet, "2026-10-01T00:00:00Z").is_ok());
    }

    #[test]
    fn names_of_worksheets_are_short_and_plain() {
        assert_eq!(name(3, "Exit: how it ends, and where the capacity goes"), "3 Exit how it ends, and where t");
        assert_eq!(name(12, "Lines"), "12 Lines");
    }
}
