//! A chart as SVG: cost against size, the size in powers of ten or two, both costs from zero.

use std::fmt::Write as _;

use super::Point;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
/// Room around the plot: left, top, right, bottom.
const ROOM: [f64; 4] = [64.0, 48.0, 64.0, 44.0];
/// Seen well on white and on black.
const INSTRUCTIONS: &str = "#3b82f6";
const TIME: &str = "#f08c00";

/// A round number not below this one, of which a quarter is round as well.
fn ceiling(most: f64) -> f64 {
    let ten = 10_f64.powf(most.log10().floor());
    let steps = [1.0, 2.0, 4.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * ten >= most);
    step.unwrap_or(10.0) * ten
}

/// 1000000 as 1,000,000.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The file; `unit` is what the sizes count.
pub(super) fn draw(title: &str, unit: &str, points: &[Point]) -> String {
    let [left, top, right, bottom] = ROOM;
    let (wide, high) = (WIDTH - left - right, HEIGHT - top - bottom);
    let log = |point: &Point| (point.size as f64).ln();
    let (first, last) = (log(&points[0]), log(&points[points.len() - 1]));
    let x = |point: &Point| left + wide * (log(point) - first) / (last - first);
    let of = [
        |point: &Point| point.instructions,
        |point: &Point| point.nanoseconds,
    ];
    let tops = of.map(|of| ceiling(points.iter().map(of).fold(1.0, f64::max) * 1.2));
    let y = |cost: f64, most: f64| top + high * (1.0 - cost / most);
    let mut body =
        format!("<title>{title}</title>\n<text x=\"{left}\" y=\"20\" class=\"b\">{title}</text>\n");
    for quarter in 0..=4 {
        let part = f64::from(quarter) / 4.0;
        let at = y(part, 1.0);
        let _ = writeln!(body, "<path class=\"g\" d=\"M{left} {at:.0}h{wide:.0}\"/>");
        let labels = [
            (left - 8.0, "end", tops[0]),
            (left + wide + 8.0, "start", tops[1]),
        ];
        for (at_x, anchor, most) in labels {
            let cost = grouped(part * most);
            let _ = writeln!(
                body,
                "<text x=\"{at_x:.0}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{cost}</text>",
                at + 4.0
            );
        }
    }
    for point in points {
        let size = grouped(point.size as f64);
        let _ = writeln!(
            body,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{size}</text>",
            x(point),
            top + high + 18.0
        );
    }
    for ((of, most), colour) in of.iter().zip(tops).zip([INSTRUCTIONS, TIME]) {
        let line: Vec<String> = points
            .iter()
            .map(|point| format!("{:.1},{:.1}", x(point), y(of(point), most)))
            .collect();
        let _ = writeln!(
            body,
            "<polyline stroke=\"{colour}\" points=\"{}\"/>",
            line.join(" ")
        );
        for point in line.iter().map(|point| point.split_once(',').unwrap()) {
            let (x, y) = point;
            let _ = writeln!(
                body,
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\"/>"
            );
        }
    }
    let legend = [
        (left, INSTRUCTIONS, "instructions an answer (left)"),
        (left + 230.0, TIME, "nanoseconds an answer (right)"),
    ];
    for (at, colour, words) in legend {
        let _ = writeln!(
            body,
            "<rect x=\"{at}\" y=\"28\" width=\"10\" height=\"10\" fill=\"{colour}\"/><text x=\"{}\" y=\"38\">{words}</text>",
            at + 16.0
        );
    }
    let _ = writeln!(
        body,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{unit}</text>",
        left + wide / 2.0,
        HEIGHT - 8.0
    );
    let style = "text{font:12px system-ui,sans-serif;fill:#1f2328}.b{font-weight:bold;font-size:14px}\
        .g{stroke:#8a8f98;stroke-opacity:.35}polyline{fill:none;stroke-width:2.5}\
        @media (prefers-color-scheme: dark){text{fill:#e6edf3}}";
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n<style>{style}</style>\n{body}</svg>\n"
    )
}
