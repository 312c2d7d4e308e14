//! Pictures as SVG: plain shapes, colours that are seen on dark and on light, words in the reader's own colour.

use std::fmt::Write as _;

/// Seen well on white and on black, and told apart by those who see no red or no green.
pub(super) const COLOURS: [&str; 6] = [
    "#3b82f6", "#f08c00", "#12a678", "#b25bd6", "#d6455d", "#8d9a2f",
];
/// What gets nothing, or is down.
pub(super) const GREY: &str = "#8a8f98";

/// How a site is drawn: filled with its colour, or broken and empty.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ring {
    Up(&'static str),
    Down,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stroke {
    Whole,
    Broken,
}

/// Where a site's name stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    East,
    West,
}

/// A picture that grows.
#[derive(Debug)]
pub(super) struct Svg {
    width: usize,
    height: usize,
    body: String,
}

impl Svg {
    /// An empty picture; `title` is what it shows, for those who cannot see it.
    pub(super) fn new(width: usize, height: usize, title: &str) -> Svg {
        let body = format!("<title>{}</title>\n", escaped(title));
        Svg {
            width,
            height,
            body,
        }
    }

    /// Words that begin at a point of their base line.
    pub(super) fn text(&mut self, x: usize, y: usize, words: &str) {
        let words = escaped(words);
        let _ = writeln!(self.body, "<text x=\"{x}\" y=\"{y}\">{words}</text>");
    }

    /// Small words around a point.
    pub(super) fn label(&mut self, x: usize, y: usize, words: &str) {
        let words = escaped(words);
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y}\" class=\"s\">{words}</text>"
        );
    }

    /// A filled box.
    pub(super) fn area(&mut self, at: [usize; 2], size: [usize; 2], colour: &str) {
        let ([x, y], [w, h]) = (at, size);
        let area = format!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"");
        let _ = writeln!(self.body, "{area} fill=\"{colour}\"/>");
    }

    /// A line through points; a broken one for what is only compared with.
    pub(super) fn line(&mut self, points: &[[usize; 2]], colour: &str, stroke: Stroke) {
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x},{y}")).collect();
        let stroke = match stroke {
            Stroke::Whole => "stroke-width=\"2.5\"",
            Stroke::Broken => "stroke-width=\"1.5\" stroke-dasharray=\"4 4\"",
        };
        let line = format!("<polyline stroke=\"{colour}\" {stroke}");
        let _ = writeln!(self.body, "{line} points=\"{}\"/>", points.join(" "));
    }

    /// Many dots of a colour, by their middles.
    pub(super) fn dots(&mut self, points: &[[usize; 2]], size: usize, colour: &str) {
        if points.is_empty() {
            return;
        }
        let points: Vec<String> = points.iter().map(|[x, y]| format!("M{x} {y}h0")).collect();
        let stroke =
            format!("stroke=\"{colour}\" stroke-width=\"{size}\" stroke-linecap=\"round\"");
        let _ = writeln!(self.body, "<path {stroke} d=\"{}\"/>", points.concat());
    }

    /// Many squares of a colour, by their upper left corners. `size` is their side.
    pub(super) fn squares(&mut self, points: &[[usize; 2]], size: usize, colour: &str) {
        if points.is_empty() {
            return;
        }
        let one = |[x, y]: &[usize; 2]| format!("M{x} {y}h{size}v{size}h-{size}z");
        let points: Vec<String> = points.iter().map(one).collect();
        let _ = writeln!(
            self.body,
            "<path fill=\"{colour}\" d=\"{}\"/>",
            points.concat()
        );
    }

    /// A ring with a name beside it: a site.
    pub(super) fn site(&mut self, at: [usize; 2], name: &str, ring: Ring, side: Side) {
        let [x, y] = at;
        let (fill, dash) = match ring {
            Ring::Up(colour) => (colour, ""),
            Ring::Down => ("none", " stroke-dasharray=\"3 2\""),
        };
        let ring = format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"6\" fill=\"{fill}\"");
        let _ = writeln!(self.body, "{ring} class=\"o\"{dash}/>");
        let (x, anchor) = match side {
            Side::East => (x + 10, "start"),
            Side::West => (x - 10, "end"),
        };
        // Twice: a halo that parts the name from the dots, and the name.
        for class in ["h", "b"] {
            let words = escaped(name);
            let at = format!("x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\"", y + 5);
            let _ = writeln!(self.body, "<text {at} class=\"{class}\">{words}</text>");
        }
    }

    /// Colours and what they stand for, in a row. Words are about seven units a letter.
    pub(super) fn legend(&mut self, mut x: usize, y: usize, entries: &[(&str, String)]) {
        for (colour, words) in entries {
            self.area([x, y - 10], [12, 12], colour);
            self.text(x + 18, y, words);
            x += 18 + 7 * words.chars().count() + 18;
        }
    }

    /// The file.
    pub(super) fn file(&self) -> String {
        let Svg {
            width,
            height,
            body,
        } = self;
        let style = "text{font:13px system-ui,sans-serif;fill:#1f2328}.s{font-size:11px;text-anchor:middle}\
            .b,.h{font-weight:bold}.h{stroke:#fff;stroke-width:4px}.o{stroke:#1f2328;stroke-width:2}\
            @media (prefers-color-scheme: dark){text{fill:#e6edf3}.h{stroke:#0d1117}.o{stroke:#e6edf3}}";
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
            role=\"img\" fill=\"none\">\n<style>{style}</style>\n{body}</svg>\n"
        )
    }
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;")
}

#[test]
fn words_stay_words() {
    let mut svg = Svg::new(10, 10, "a < b");
    svg.text(1, 2, "c & d");
    let file = svg.file();
    assert!(file.contains("<title>a &lt; b</title>") && file.contains(">c &amp; d</text>"));
}
