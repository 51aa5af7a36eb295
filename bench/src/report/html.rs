//! A report with pictures: one file, nothing to load.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;

use super::plot::{Plot, Series, escape};
use super::spread::{self, Group};
use super::{Run, Tick, short};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:1120px;margin:2rem auto;padding:0 1rem;\
    color:#1b1f24;background:#fff}h1{font-size:1.5rem}h2{margin-top:2.5rem;border-top:1px solid #d0d7de;\
    padding-top:1rem}table{border-collapse:collapse;margin:.5rem 0 1rem}td,th{padding:.15rem .9rem .15rem 0;\
    text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.plots{display:flex;\
    flex-wrap:wrap;gap:1rem}svg{width:520px;max-width:100%;border:1px solid #d0d7de;border-radius:6px}\
    svg text{font-size:11px;fill:#57606a}svg .title{font-size:13px;fill:#1b1f24}svg .y{text-anchor:end}\
    svg .x{text-anchor:middle}svg .grid{stroke:#eaeef2}svg polyline{fill:none;stroke-width:1.8}\
    .note{background:#fff8c5;padding:.2rem .6rem;border-radius:4px}.broke{background:#ffebe9;padding:.2rem .6rem;\
    border-radius:4px}code{background:#f6f8fa;padding:.1rem .3rem;border-radius:4px}.dim{color:#57606a}";

/// Writes the report of these runs.
///
/// # Errors
/// The file cannot be written.
pub fn save(runs: &[Run], file: &Path) -> anyhow::Result<()> {
    std::fs::write(file, page(runs)).with_context(|| format!("{} cannot be written", file.display()))
}

/// The page.
pub fn page(runs: &[Run]) -> String {
    let machine = runs.first().map_or("", |run| run.machine.as_str());
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Frontdesk: measurements</title>\
         <style>{STYLE}</style><h1>Frontdesk: measurements</h1><p class=\"dim\">{}</p>",
        escape(machine)
    );
    for group in spread::groups(runs) {
        section(&mut page, &group);
    }
    page.push_str("</html>\n");
    page
}

fn section(page: &mut String, group: &Group<'_>) {
    let Some(first) = group.runs.first() else { return };
    let asked: Vec<String> = first.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let _ = write!(
        page,
        "<h2>{}</h2><p>{}<br><code>{}</code></p><table><tr><th>figure<th class=\"n\">median\
         <th class=\"n\">least<th class=\"n\">most<th>unit</tr>",
        escape(&first.title()),
        escape(&asked.join(", ")),
        escape(&first.command)
    );
    for figure in group.figures() {
        let _ = write!(
            page,
            "<tr><td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"n\">{}<td>{}</tr>",
            escape(&figure.name),
            short(figure.median),
            short(figure.least),
            short(figure.most),
            escape(&figure.unit)
        );
    }
    page.push_str("</table>");
    for run in &group.runs {
        for remark in &run.remarks {
            let _ = write!(page, "<p><span class=\"note\">{}</span></p>", escape(remark));
        }
        if let Some(why) = &run.broke_off {
            let _ = write!(page, "<p><span class=\"broke\">broke off: {}</span></p>", escape(why));
        }
    }
    page.push_str("<div class=\"plots\">");
    page.push_str(&percentiles(&group.runs).svg());
    for (title, read) in PLOTS {
        page.push_str(&over_time(title, &group.runs, read).svg());
    }
    page.push_str("</div>");
}

type Read = fn(&Tick) -> f64;

const PLOTS: [(&str, Read); 4] = [
    ("operations a second", |tick| tick.rate),
    ("server memory, MiB", |tick| tick.server_mib),
    ("server CPU, cores", |tick| tick.server_cores),
    ("generator CPU, cores", |tick| tick.own_cores),
];

fn over_time(title: &str, runs: &[&Run], read: Read) -> Plot {
    let series = runs.iter().enumerate().map(|(nth, run)| Series {
        name: format!("run {}", nth + 1),
        points: run.ticks.iter().map(|tick| (tick.at, read(tick))).collect(),
    });
    Plot::over_time(title, series.collect())
}

/// The further right, the rarer: each step is ten times as rare.
fn percentiles(runs: &[&Run]) -> Plot {
    let place = |percent: f64| -(1.0 - percent.min(99.999) / 100.0).log10();
    let series = runs.iter().enumerate().map(|(nth, run)| Series {
        name: format!("run {}", nth + 1),
        points: run.latency.iter().map(|point| (place(point.percent), point.ms)).collect(),
    });
    let marks = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999];
    Plot {
        title: "latency, ms".to_owned(),
        marks: marks.iter().map(|percent| (place(*percent), format!("{percent}"))).collect(),
        x: "per cent of all took at most this".to_owned(),
        series: series.filter(|line| !line.points.is_empty()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Better, Percentile};

    #[test]
    fn a_page_holds_figures_pictures_and_what_went_wrong() {
        let mut run = Run { scenario: "rooms".to_owned(), ..Run::default() };
        run.figure("cost <each>", 3.5, "µs", Better::Less);
        run.latency = vec![Percentile { percent: 50.0, ms: 1.0 }, Percentile { percent: 99.0, ms: 4.0 }];
        run.ticks =
            vec![Tick { at: 0.25, ..Tick::default() }, Tick { at: 0.5, rate: 9.0, ..Tick::default() }];
        run.remarks.push("the generator & more".to_owned());
        run.broke_off = Some("gone".to_owned());
        let page = page(&[run]);
        for part in ["cost &lt;each&gt;", "3.50", "generator &amp; more", "broke off: gone"] {
            assert!(page.contains(part), "{part}");
        }
        assert_eq!(page.matches("<svg").count(), 5);
        // Nothing is loaded from anywhere.
        assert!(!page.contains("http") && !page.contains("<script"));
    }
}
