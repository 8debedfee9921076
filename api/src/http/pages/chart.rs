//! Charts as SVG, drawn here: no script, nothing to load, and the same on paper.

use super::sheet::{Chart, ChartKind, Unit, grouped, round};
use maud::{Markup, html};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// The drawing is so wide; the page scales it.
const WIDTH: f64 = 760.0;
/// Columns are drawn so high.
const HEIGHT: f64 = 250.0;
/// Room for the numbers of the axis.
const LEFT: f64 = 58.0;
/// Room for the legend.
const TOP: f64 = 34.0;
/// Room for the labels below.
const BOTTOM: f64 = 24.0;
/// A bar of a list with its distance.
const BAR: f64 = 26.0;
/// Room for the names beside bars.
const NAMES: f64 = 190.0;
/// Room for the number at the end of a bar.
const END: f64 = 92.0;
/// Characters that fit into the room for names.
const NAME_CHARS: usize = 30;

/// The chart with the given number on its page, for ids.
pub(super) fn draw(chart: &Chart, number: usize) -> Markup {
    let (title, about) = (format!("chart-{number}-title"), format!("chart-{number}-about"));
    let (height, inside) = match chart.kind {
        ChartKind::Bars => bars(chart),
        ChartKind::Grouped | ChartKind::Stacked => columns(chart),
    };
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (px(WIDTH)) " " (px(height)) } role="img"
            aria-labelledby={ (title) " " (about) } {
            title id=(title) { (chart.title) }
            desc id=(about) { (chart.about) " " (spoken(chart)) }
            (inside)
        }
    }
}

/// Every value in words: what a reader hears who does not see the drawing.
fn spoken(chart: &Chart) -> String {
    let one = |at: usize, label: &str| {
        let values = chart.series.iter().map(|series| {
            let value = series.values.get(at).copied().flatten();
            let value = value.map_or_else(|| "not measured".to_owned(), |value| chart.unit.shown(value));
            format!("{} {value}", series.name)
        });
        format!("{label}: {}.", values.collect::<Vec<_>>().join(", "))
    };
    chart.labels.iter().enumerate().map(|(at, label)| one(at, label)).collect::<Vec<_>>().join(" ")
}

/// A coordinate: a tenth is finer than any screen.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn float(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

/// A whole number of this size stays exact as a float.
fn index(at: usize) -> f64 {
    u32::try_from(at).map_or(f64::from(u32::MAX), f64::from)
}

/// A number in at most four characters and a letter: 283,636.36 is 284k. Of the exact number: a float, and digits written of one,
/// would send some halves the other way.
fn short(value: Decimal, unit: Unit) -> String {
    if unit == Unit::Count {
        return round(value, 0).normalize().to_string();
    }
    let size = value.abs();
    let (scale, letter): (i32, _) = match size {
        size if size >= Decimal::from(999_500_000_i32) => (1_000_000_000, "bn"),
        size if size >= Decimal::from(999_500_i32) => (1_000_000, "M"),
        size if size >= Decimal::ONE_THOUSAND => (1_000, "k"),
        _ => (1, ""),
    };
    let scaled = value / Decimal::from(scale);
    // 9.95 reads 10.
    let digits = u32::from(!letter.is_empty() && scaled.abs() < Decimal::new(995, 2));
    format!("{}{letter}", round(scaled, digits).normalize())
}

/// A step of the axis, as a number that is written.
fn tick(value: f64, unit: Unit) -> String {
    short(Decimal::from_f64(value).unwrap_or_default(), unit)
}

/// Where the axis begins and ends, and its steps: 1, 2 or 5 times a power of ten.
fn axis(low: f64, high: f64) -> (f64, f64, f64) {
    let span = (high - low).max(1.0);
    let raw = span / 4.0;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= raw);
    let step = step.unwrap_or(raw);
    let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
    (low, if high > low { high } else { low + step }, step)
}

/// A rectangle between two values.
fn block(x: f64, width: f64, [from, to]: [f64; 2], class: usize, name: &str) -> Markup {
    let (top, height) = (from.min(to), (from - to).abs());
    html! {
        rect x=(px(x)) y=(px(top)) width=(px(width)) height=(px(height)) class={ "c" (class) } { title { (name) } }
    }
}

fn columns(chart: &Chart) -> (f64, Markup) {
    let is_stacked = chart.kind == ChartKind::Stacked;
    let values = |at: usize| chart.series.iter().map(move |series| series.values.get(at).copied().flatten());
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    for at in 0..chart.labels.len() {
        let (mut above, mut below) = (0.0_f64, 0.0_f64);
        for value in values(at).flatten().map(float) {
            if is_stacked {
                above += value.max(0.0);
                below += value.min(0.0);
            } else {
                above = above.max(value);
                below = below.min(value);
            }
        }
        (low, high) = (low.min(below), high.max(above));
    }
    let (low, high, step) = axis(low, high);
    let floor = HEIGHT - BOTTOM;
    let y = |value: f64| floor - (value - low) / (high - low) * (floor - TOP);
    let slot = (WIDTH - LEFT) / index(chart.labels.len().max(1));
    let side_by_side = if is_stacked { 1 } else { chart.series.len().max(1) };
    let width = (slot * 0.72 / index(side_by_side)).min(64.0);
    let steps = ((high - low) / step).round();
    let ticks = (0..=steps.to_usize().unwrap_or_default()).map(|at| low + index(at) * step);
    // A component with nothing in it needs no colour in the legend, but it keeps its own in every chart.
    let legend = chart.series.iter().enumerate().filter(|(_, series)| series.values.iter().any(Option::is_some));
    let inside = html! {
        @for (at, (class, series)) in legend.enumerate() {
            rect x=(px(LEFT + index(at) * 130.0)) y="6" width="11" height="11" class={ "c" (class + palette(chart)) } {}
            text x=(px(LEFT + 16.0 + index(at) * 130.0)) y="16" class="legend" { (series.name) }
        }
        @for step in ticks {
            line x1=(px(LEFT)) x2=(px(WIDTH)) y1=(px(y(step))) y2=(px(y(step))) class="grid" {}
            text x=(px(LEFT - 6.0)) y=(px(y(step) + 3.5)) text-anchor="end" class="tick" { (tick(step, chart.unit)) }
        }
        @for (at, label) in chart.labels.iter().enumerate() {
            @let centre = LEFT + slot * (index(at) + 0.5);
            @let left = centre - width * index(side_by_side) / 2.0;
            @if is_stacked {
                (stack(chart, values(at), left, width, &y))
            } @else {
                @for (series, value) in values(at).enumerate() {
                    @if let Some(exact) = value {
                        @let value = float(exact);
                        @let x = left + width * index(series);
                        (block(x + 1.5, width - 3.0, [y(0.0), y(value)], series + palette(chart), &named(chart, series, at)))
                        text x=(px(x + width / 2.0)) y=(px(if value < 0.0 { y(value) + 11.0 } else { y(value) - 4.0 }))
                            text-anchor="middle" class="value" { (short(exact, chart.unit)) }
                    }
                }
            }
            text x=(px(centre)) y=(px(HEIGHT - 6.0)) text-anchor="middle" class="label" { (label) }
        }
        line x1=(px(LEFT)) x2=(px(WIDTH)) y1=(px(y(0.0))) y2=(px(y(0.0))) class="zero" {}
    };
    (HEIGHT, inside)
}

/// Colours begin at another place for what is stacked: components are no bands.
const fn palette(chart: &Chart) -> usize {
    match chart.kind {
        ChartKind::Stacked => 3,
        ChartKind::Grouped | ChartKind::Bars => 0,
    }
}

/// What a block is, for a pointer that rests on it.
fn named(chart: &Chart, series: usize, at: usize) -> String {
    let of = &chart.series[series];
    let value = of.values.get(at).copied().flatten().map_or_else(String::new, |value| chart.unit.shown(value));
    format!("{}, {}: {value}", chart.labels[at], of.name)
}

fn stack(
    chart: &Chart,
    values: impl Iterator<Item = Option<Decimal>>,
    left: f64,
    width: f64,
    y: &impl Fn(f64) -> f64,
) -> Markup {
    let (mut above, mut below) = (0.0, 0.0);
    let label = |at: usize| chart.series[at].name.as_str();
    let mut blocks = Vec::new();
    for (at, value) in values.enumerate() {
        let Some(exact) = value.filter(|value| !value.is_zero()) else { continue };
        let value = float(exact);
        let from: f64 = if value < 0.0 { below } else { above };
        if value < 0.0 {
            below += value;
        } else {
            above += value;
        }
        blocks.push((at, exact, [y(from), y(from + value)]));
    }
    html! {
        @for (at, value, span) in blocks {
            (block(left, width, span, at + palette(chart), &format!("{}: {}", label(at), short(value, chart.unit))))
            @if (span[0] - span[1]).abs() >= 13.0 {
                text x=(px(left + width / 2.0)) y=(px(f64::midpoint(span[0], span[1]) + 3.5)) text-anchor="middle"
                    class={ "inside i" (at + palette(chart)) } { (short(value, chart.unit)) }
            }
        }
    }
}

fn bars(chart: &Chart) -> (f64, Markup) {
    let values: Vec<Option<f64>> = chart
        .series
        .first()
        .map(|series| series.values.iter().map(|value| value.map(float)).collect())
        .unwrap_or_default();
    let high = values.iter().flatten().copied().fold(0.0, f64::max);
    let low = values.iter().flatten().copied().fold(0.0, f64::min);
    // Numbers of bars to the left need room as well.
    let from = NAMES + if low < 0.0 { END } else { 0.0 };
    let x = |value: f64| from + (value - low) / (high - low).max(f64::MIN_POSITIVE) * (WIDTH - END - from);
    let shown = |at: usize| {
        let exact = chart.series.first().and_then(|series| series.values.get(at).copied().flatten());
        exact.map_or_else(
            || "not measured".to_owned(),
            |value| match chart.unit {
                Unit::Money => grouped(round(value, 0)),
                unit => unit.shown(value),
            },
        )
    };
    let height = 8.0 + BAR * index(chart.labels.len());
    let inside = html! {
        @for (at, label) in chart.labels.iter().enumerate() {
            @let top = 4.0 + BAR * index(at);
            text x=(px(NAMES - 8.0)) y=(px(top + 17.0)) text-anchor="end" class="label" { (cut(label)) title { (label) } }
            @if let Some(value) = values.get(at).copied().flatten() {
                rect x=(px(x(value.min(0.0)))) y=(px(top + 4.0)) width=(px((x(value) - x(0.0)).abs())) height="17"
                    class=(if value < 0.0 { "c5" } else { "c0" }) {}
                @if value < 0.0 {
                    text x=(px(x(value) - 5.0)) y=(px(top + 17.0)) text-anchor="end" class="value" { (shown(at)) }
                } @else {
                    text x=(px(x(value) + 5.0)) y=(px(top + 17.0)) class="value" { (shown(at)) }
                }
            }
        }
        line x1=(px(x(0.0))) x2=(px(x(0.0))) y1="2" y2=(px(height - 2.0)) class="zero" {}
    };
    (height, inside)
}

/// A name as far as there is room for it.
fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS {
        return name.to_owned();
    }
    name.chars().take(NAME_CHARS - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Series;
    use super::*;
    use rust_decimal::dec;

    fn chart(kind: ChartKind, values: Vec<Option<Decimal>>) -> Chart {
        Chart {
            title: "A <chart>".into(),
            about: "About.".into(),
            kind,
            labels: values.iter().map(|_| "<Q>".to_owned()).collect(),
            series: vec![Series { name: "One & only".into(), values }],
            unit: Unit::Money,
        }
    }

    #[test]
    fn every_kind_draws_every_value_within_its_frame_and_escapes_every_name() {
        for kind in [ChartKind::Grouped, ChartKind::Stacked, ChartKind::Bars] {
            for values in [
                vec![],
                vec![None],
                vec![Some(dec!(0))],
                vec![Some(dec!(-5)), Some(dec!(12.5)), None],
                vec![Some(dec!(-1))],
            ] {
                let svg = draw(&chart(kind, values), 1).into_string();
                assert!(!svg.contains("<chart>") && !svg.contains("<Q>") && !svg.contains("& only"), "{svg}");
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
                for number in svg.split("width=\"").skip(1) {
                    let number: f64 = number.split('"').next().unwrap().parse().unwrap();
                    assert!((0.0..=WIDTH).contains(&number), "{svg}");
                }
            }
        }
    }

    #[test]
    fn numbers_on_an_axis_are_short_and_steps_are_round() {
        for (value, shown) in [
            (dec!(0), "0"),
            (dec!(-0.4), "0"),
            (dec!(950), "950"),
            (dec!(1500), "1.5k"),
            // Halves go away from zero, also where a float is below or the even digit is nearer.
            (dec!(1450), "1.5k"),
            (dec!(-1250), "-1.3k"),
            (dec!(12500), "13k"),
            (dec!(2.5), "3"),
            (dec!(283636.36), "284k"),
            (dec!(-305454.55), "-305k"),
            (dec!(2000000), "2M"),
            (dec!(9960000), "10M"),
            (dec!(1200000000), "1.2bn"),
        ] {
            assert_eq!(short(value, Unit::Money), shown);
        }
        assert_eq!((tick(-50.0, Unit::Money), tick(0.0, Unit::Count)), ("-50".into(), "0".into()));
        assert_eq!(axis(-3.0, 97.0), (-50.0, 100.0, 50.0));
        assert_eq!(axis(0.0, 0.0).0, 0.0);
    }
}
