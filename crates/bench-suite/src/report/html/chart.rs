//! One kind of chart: curves and points over two logarithmic axes, as SVG that takes its colours
//! from the page.
//!
//! Decided here: plotters draws (axes, grids, curves); each colour stands for a role, and is
//! replaced by the page's variable of that role, so that one drawing is light and dark. Legends are
//! the page's too, as text that can be read aloud and copied.

use plotters::prelude::*;

use super::escaped;

/// What a colour stands for; the page defines `--c0` … `--c7`, `--axis`, `--grid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// One of the series.
    Series(u8),
    /// What is there for orientation.
    Faint,
}

/// Series colours that the page has.
pub(super) const SERIES: u8 = 8;
const AXIS: RGBColor = RGBColor(1, 250, 1);
const GRID: RGBColor = RGBColor(1, 250, 2);
const FAINT: RGBColor = RGBColor(1, 250, 3);
/// Sizes of text and marks, in the drawing's units.
const TEXT: i32 = 13;
const DOT: i32 = 3;
const MARGIN: i32 = 10;

impl Role {
    fn drawn(self) -> RGBColor {
        match self {
            Self::Series(index) => RGBColor(2, 251, index),
            Self::Faint => FAINT,
        }
    }

    /// The page's variable.
    pub(super) fn variable(self) -> String {
        match self {
            Self::Series(index) => format!("var(--c{index})"),
            Self::Faint => "var(--faint)".to_owned(),
        }
    }
}

/// How points are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Line,
    Dashed,
    Dots,
    LineAndDots,
}

/// A curve or a cloud of points.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) label: String,
    pub(super) role: Role,
    pub(super) style: Style,
    pub(super) points: Vec<(f64, f64)>,
    /// Vertical intervals: x, low, high.
    pub(super) intervals: Vec<(f64, f64, f64)>,
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    pub(super) title: String,
    pub(super) x_label: &'a str,
    pub(super) y_label: &'a str,
    pub(super) size: (u32, u32),
    /// Of both axes' ticks.
    pub(super) base: f64,
    pub(super) x_format: fn(f64) -> String,
    pub(super) y_format: fn(f64) -> String,
    pub(super) series: Vec<Series>,
}

impl Chart<'_> {
    /// A figure: the drawing and its legend. Empty if there is nothing to draw.
    pub(super) fn figure(&self) -> Result<String, String> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let drawable = |&&(x, y): &&(f64, f64)| x > 0.0 && y > 0.0 && (x * y).is_finite();
        let Some([x, y]) = bounds(points().filter(drawable), self.base) else {
            return Ok(String::new());
        };
        let mut svg = String::new();
        self.draw(&mut svg, x, y)
            .map_err(|error| format!("{}: {error}", self.title))?;
        let title = escaped(&self.title);
        let legend: String = self
            .series
            .iter()
            .filter(|series| !series.label.is_empty())
            .map(|series| {
                let dashed = if series.style == Style::Dashed {
                    " class=\"dashed\""
                } else {
                    ""
                };
                format!(
                    "<li{dashed} style=\"--c:{}\">{}</li>",
                    series.role.variable(),
                    escaped(&series.label)
                )
            })
            .collect();
        Ok(format!(
            "<figure class=\"chart\"><figcaption>{title}</figcaption>{}<ul class=\"legend\">{legend}</ul></figure>\n",
            themed(&svg, &title)
        ))
    }

    fn draw(
        &self,
        svg: &mut String,
        x: (f64, f64),
        y: (f64, f64),
    ) -> Result<(), Box<dyn std::error::Error>> {
        let root = SVGBackend::with_string(svg, self.size).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(MARGIN)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d(
                (x.0..x.1).log_scale().base(self.base),
                (y.0..y.1).log_scale().base(self.base),
            )?;
        let style = |color: &RGBColor| ("sans-serif", TEXT).into_font().color(color);
        chart
            .configure_mesh()
            .x_desc(self.x_label)
            .y_desc(self.y_label)
            .x_label_formatter(&|v| (self.x_format)(*v))
            .y_label_formatter(&|v| (self.y_format)(*v))
            .x_labels(6)
            .y_labels(6)
            .axis_style(AXIS)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(style(&AXIS))
            .axis_desc_style(style(&AXIS))
            .draw()?;
        for series in &self.series {
            let color = series.role.drawn();
            let width = if series.role == Role::Faint { 1 } else { 2 };
            let line = color.stroke_width(width);
            let points = || series.points.iter().copied();
            match series.style {
                Style::Line | Style::LineAndDots => {
                    chart.draw_series(LineSeries::new(points(), line))?;
                }
                Style::Dashed => {
                    chart.draw_series(DashedLineSeries::new(points(), 6, 5, line))?;
                }
                Style::Dots => {}
            }
            if matches!(series.style, Style::Dots | Style::LineAndDots) {
                let dots = points().map(|point| Circle::new(point, DOT, color.filled()));
                chart.draw_series(dots)?;
            }
            for &(x, low, high) in &series.intervals {
                let ends = [(x, low), (x, high)];
                chart.draw_series([PathElement::new(ends.to_vec(), line)])?;
            }
        }
        root.present()?;
        Ok(())
    }
}

/// The drawing with the page's colours, a name, and the size that the page gives it.
fn themed(svg: &str, title: &str) -> String {
    let mut svg = svg
        .replace("#01FA01", "var(--axis)")
        .replace("#01FA02", "var(--grid)");
    svg = svg.replace("#01FA03", "var(--faint)");
    for index in 0..SERIES {
        svg = svg.replace(&format!("#02FB{index:02X}"), &format!("var(--c{index})"));
    }
    let opened = svg.find("<svg ").unwrap_or(0);
    let svg = &svg[opened..];
    let view = svg.find("viewBox").unwrap_or(0);
    format!("<svg role=\"img\" aria-label=\"{title}\" {}", &svg[view..])
}

/// From the power of the base below the least to that above the greatest, a little apart.
fn bounds<'p>(points: impl Iterator<Item = &'p (f64, f64)>, base: f64) -> Option<[(f64, f64); 2]> {
    let mut bounds: Option<[(f64, f64); 2]> = None;
    for &(x, y) in points {
        let [of_x, of_y] = bounds.get_or_insert([(x, x), (y, y)]);
        for (bound, value) in [(of_x, x), (of_y, y)] {
            *bound = (bound.0.min(value), bound.1.max(value));
        }
    }
    // Half a step of the axis around: nothing lies on the frame, and a single point has a range.
    let air = base.powf(0.2);
    bounds.map(|bounds| bounds.map(|(low, high)| (low / air, high * air)))
}

/// 1000 as 1K.
pub(super) fn count(value: f64) -> String {
    let (value, unit) = match value {
        v if v >= 0.9995e9 => (v / 1e9, "G"),
        v if v >= 0.9995e6 => (v / 1e6, "M"),
        v if v >= 0.9995e3 => (v / 1e3, "K"),
        v => (v, ""),
    };
    format!("{}{unit}", plain(value))
}

/// Bytes with their unit, in steps of 1024.
pub(super) fn bytes(value: f64) -> String {
    let (value, unit) = match value {
        v if v >= 1023.5 * 1024.0 => (v / 1024.0 / 1024.0, "MiB"),
        v if v >= 1023.5 => (v / 1024.0, "KiB"),
        v => (v, "B"),
    };
    format!("{} {unit}", plain(value))
}

/// Nanoseconds with their unit.
pub(super) fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        v if v >= 0.9995e9 => (v / 1e9, "s"),
        v if v >= 0.9995e6 => (v / 1e6, "ms"),
        v if v >= 0.9995e3 => (v / 1e3, "µs"),
        v => (v, "ns"),
    };
    format!("{} {unit}", plain(value))
}

/// Three digits, no zeros behind them.
pub(super) fn plain(value: f64) -> String {
    let text = match value {
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => format!("{v:.1}"),
        v if v >= 0.0995 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    };
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (1000.0, "1K"),
            (3162.0, "3.16K"),
            (1e6, "1M"),
            (0.5, "0.5"),
            (12.0, "12"),
        ] {
            assert_eq!(count(value), text);
        }
        assert_eq!(bytes(1536.0), "1.5 KiB");
        assert_eq!(bytes(3_145_728.0), "3 MiB");
        assert_eq!(bytes(0.0), "0 B");
        assert_eq!(time(1500.0), "1.5 µs");
        assert_eq!(time(20.0), "20 ns");
    }

    #[test]
    fn a_drawing_has_the_colours_of_the_page_and_no_others() {
        let series = |role, style| Series {
            label: "a < b".into(),
            role,
            style,
            points: vec![(1e3, 10.0), (1e5, 1e4)],
            intervals: vec![(1e3, 9.0, 11.0)],
        };
        let chart = Chart {
            title: "t".into(),
            x_label: "n",
            y_label: "time",
            size: (400, 300),
            base: 10.0,
            x_format: count,
            y_format: time,
            series: vec![
                series(Role::Series(0), Style::LineAndDots),
                series(Role::Series(7), Style::Dashed),
                series(Role::Faint, Style::Line),
            ],
        };
        let figure = chart.figure().unwrap();
        for part in [
            "var(--c0)",
            "var(--c7)",
            "var(--axis)",
            "viewBox",
            "a &lt; b",
        ] {
            assert!(figure.contains(part), "{part}: {figure}");
        }
        assert!(!figure.contains("\"#"), "{figure}");
        let empty = Chart {
            series: Vec::new(),
            ..chart
        };
        assert_eq!(empty.figure().unwrap(), "");
    }
}
