//! A sheet as Markdown, with tables as GitHub and most others write them.

use super::sheet::{Part, Sheet, Table};

/// What stands for itself behind a backslash.
const MARKS: &[char] = &['\\', '`', '*', '_', '[', ']', '<', '>', '#', '!', '|', '~', '&', '$', '@'];

/// A text that no Markdown takes for markup, in one line. An address in it is no link.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().filter(|letter| *letter != '\r').peekable();
    while let Some(letter) = letters.next() {
        if letter.is_control() {
            out.push(' ');
            continue;
        }
        if MARKS.contains(&letter) || (letter == ':' && letters.peek() == Some(&'/')) || (letter == '.' && is_www(&out))
        {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Whether a text ends with what makes an address of the point that follows.
fn is_www(text: &str) -> bool {
    text.as_bytes().last_chunk::<3>().is_some_and(|last| last.eq_ignore_ascii_case(b"www"))
}

/// A number or a text of a cell. Figures are the product's own: they need no backslash, and read better without.
fn cell(shown: &str, is_number: bool) -> String {
    if is_number && !shown.contains(['|', '\\', '<', '\n']) { shown.to_owned() } else { plain(shown) }
}

/// The text.
pub(super) fn write(sheet: &Sheet) -> Vec<u8> {
    let mut out = format!("# {}\n\n{}\n", plain(&sheet.title), plain(&sheet.subtitle));
    if let Some(notice) = &sheet.notice {
        out.push_str(&format!("\n> **{}**\n", plain(notice)));
    }
    out.push('\n');
    for (label, figure, about) in &sheet.headlines {
        out.push_str(&format!("- **{}: {}** \u{2013} {}\n", plain(label), cell(figure, true), plain(about)));
    }
    out.push_str("\n| | |\n| --- | --- |\n");
    for (name, value) in &sheet.facts {
        out.push_str(&format!("| {} | {} |\n", plain(name), plain(value)));
    }
    for part in &sheet.parts {
        section(&mut out, part);
    }
    out.into_bytes()
}

fn section(out: &mut String, part: &Part) {
    out.push_str(&format!("\n## {}\n", plain(part.heading)));
    if !part.lead.is_empty() {
        out.push_str(&format!("\n{}\n", plain(&part.lead)));
    }
    if let Some(shown) = &part.table {
        table(out, shown);
    }
    for one in &part.outline {
        out.push_str(&format!("\n### {}\n\n", plain(&one.title)));
        for (at, line) in one.lines.iter().enumerate() {
            out.push_str(&format!("{}. {}\n", at + 1, plain(line)));
        }
    }
}

fn table(out: &mut String, table: &Table) {
    let filled = table.filled();
    let columns = || filled.iter().map(|at| &table.columns[*at]);
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    out.push('\n');
    out.push_str(&line(columns().map(|column| plain(&column.title)).collect()));
    out.push_str(&line(
        columns().map(|column| if column.unit.is_number() { "---:" } else { "---" }.to_owned()).collect(),
    ));
    for row in &table.rows {
        let bold = |text: String| if row.is_total { format!("**{text}**") } else { text };
        let shown = filled.iter().map(|at| (&row.cells[*at], table.columns[*at].unit));
        out.push_str(&line(shown.map(|(value, unit)| bold(cell(&value.shown(unit), unit.is_number()))).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        assert_eq!(plain("<script>alert(1)</script>"), r"\<script\>alert(1)\</script\>");
        assert_eq!(plain("a|b\n# c"), r"a\|b \# c");
        assert_eq!(plain("[x](http://y)"), r"\[x\](http\://y)");
        assert_eq!(plain("(www.evil.example) WWW.x"), r"(www\.evil.example) WWW\.x");
        assert_eq!(plain("ww.x 1.5"), "ww.x 1.5");
        assert_eq!((cell("-305,454.55", true).as_str(), cell("a|b", true).as_str()), ("-305,454.55", r"a\|b"));
    }
}
