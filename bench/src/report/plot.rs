//! A line plot as inline SVG.

use std::fmt::Write;

use super::short;

const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 230.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 38.0;
/// Told apart also by those who see no colours: in the order of their brightness.
const COLOURS: [&str; 4] = ["#0b5394", "#d9730d", "#4f8a10", "#8e44ad"];

/// One line of a plot.
#[derive(Clone, Debug)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// Its points, by x.
    pub points: Vec<(f64, f64)>,
}

/// A plot.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What is shown.
    pub title: String,
    /// Marks of the x axis: where, and what it says there.
    pub marks: Vec<(f64, String)>,
    /// Under the x axis.
    pub x: String,
    /// The lines.
    pub series: Vec<Series>,
}

impl Plot {
    /// A plot over time, in seconds.
    pub fn over_time(title: &str, series: Vec<Series>) -> Self {
        let end = series.iter().flat_map(|line| &line.points).map(|point| point.0).fold(0.0, f64::max);
        let step = nice(end / 5.0);
        let marks = std::iter::successors(Some(0.0), |at| Some(at + step)).take_while(|at| *at <= end);
        let marks = marks.map(|at| (at, format!("{at}"))).collect();
        Self { title: title.to_owned(), marks, x: "seconds".to_owned(), series }
    }

    /// The SVG element; nothing if there is nothing to show.
    pub fn svg(&self) -> String {
        let points = || self.series.iter().flat_map(|line| &line.points);
        if points().count() < 2 {
            return String::new();
        }
        let (first, last) =
            points().fold((f64::MAX, f64::MIN), |(low, high), (x, _)| (low.min(*x), high.max(*x)));
        let first = self.marks.first().map_or(first, |mark| mark.0.min(first));
        let top = points().fold(0.0, |high: f64, (_, y)| high.max(*y)).max(f64::MIN_POSITIVE);
        let step = nice(top / 4.0);
        let top = (top / step).ceil() * step;
        let across =
            |x: f64| LEFT + (x - first) / (last - first).max(f64::MIN_POSITIVE) * (WIDTH - LEFT - RIGHT);
        let up = |y: f64| HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\
             <text x=\"{LEFT}\" y=\"16\" class=\"title\">{title}</text>",
            title = escape(&self.title)
        );
        let mut at = 0.0;
        while at <= top * 1.0001 {
            let y = up(at);
            let _ = write!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"y\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                short(at)
            );
            at += step;
        }
        for (at, text) in &self.marks {
            let x = across(*at);
            let text = escape(text);
            let _ = write!(svg, "<text class=\"x\" x=\"{x:.1}\" y=\"{:.1}\">{text}</text>", HEIGHT - 22.0);
        }
        let (middle, under) = ((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 6.0);
        let _ =
            write!(svg, "<text class=\"x\" x=\"{middle:.1}\" y=\"{under:.1}\">{}</text>", escape(&self.x));
        let mut name_at = WIDTH - RIGHT;
        for (line, colour) in self.series.iter().zip(COLOURS.iter().cycle()) {
            let path: Vec<String> =
                line.points.iter().map(|(x, y)| format!("{:.1},{:.1}", across(*x), up(*y))).collect();
            let _ = write!(svg, "<polyline stroke=\"{colour}\" points=\"{}\"/>", path.join(" "));
            if self.series.len() > 1 {
                let name = escape(&line.name);
                let _ = write!(
                    svg,
                    "<text class=\"y\" style=\"fill:{colour}\" x=\"{name_at:.1}\" y=\"16\">{name}</text>"
                );
                name_at -= 12.0 + 6.5 * f64::from(u16::try_from(line.name.len()).unwrap_or(u16::MAX));
            }
        }
        svg.push_str("</svg>");
        svg
    }
}

/// The next of 1, 2, 5, 10, 20 … that is not less.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-9).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= value * 0.9999).unwrap_or(power * 10.0)
}

/// Text for HTML and SVG.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (value, step) in [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (23.0, 50.0), (700.0, 1000.0)] {
            assert!((nice(value) - step).abs() < 1e-9, "{value}: {}", nice(value));
        }
    }

    #[test]
    fn lines_lie_within_their_frame() {
        let line = Series { name: "a<b".to_owned(), points: vec![(0.0, 3.0), (1.0, 7.0), (2.0, 0.0)] };
        let svg = Plot::over_time("speed & more", vec![line.clone(), line]).svg();
        assert!(svg.contains("speed &amp; more") && svg.contains("a&lt;b"));
        // The largest value is 7, so the axis ends at 8; the first point is at 3.
        let up = HEIGHT - BOTTOM - 3.0 / 8.0 * (HEIGHT - TOP - BOTTOM);
        assert!(svg.contains(&format!("points=\"58.0,{up:.1} ")), "{svg}");
        assert!(svg.contains(&format!(" {:.1},{:.1}\"", WIDTH - RIGHT, HEIGHT - BOTTOM)), "{svg}");
        assert_eq!(Plot::over_time("empty", Vec::new()).svg(), "");
    }
}
