//! `report.html` as a reader gets it: whole, alone, and in a real browser without errors.

use std::path::Path;
use std::process::Command;

use crate::program::bench_suite;

/// Browsers that are tried, in this order.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The page as a browser has it after its script, and what it logged; `None` without a browser.
fn opened(page: &Path, profile: &Path) -> Option<(String, String)> {
    let url = format!("file://{}", page.display());
    BROWSERS.iter().find_map(|browser| {
        let output = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
            ])
            .args(["--no-first-run", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync"])
            .args([
                "--enable-logging=stderr",
                "--virtual-time-budget=2000",
                "--dump-dom",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(&url)
            .output()
            .ok()?;
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Some((text(&output.stdout), text(&output.stderr)))
    })
}

/// What a reader does with a table, behind the page's own script: sorts it up and down by the
/// median, then filters it. What came of it stands in the body.
const CLICKS: &str = r#"<script>
const panel = document.querySelector("section#results [data-table]");
const heads = [...panel.querySelectorAll("th")];
const column = heads.findIndex((head) => head.textContent === "median");
const rows = () => [...panel.querySelectorAll("tbody tr")];
const values = () => rows().map((row) => Number(row.cells[column].dataset.v));
const all = rows().length;
heads[column].click();
const up = values();
heads[column].click();
const down = values();
const input = panel.querySelector("input");
input.value = "sum outside";
input.dispatchEvent(new Event("input"));
const shown = rows().filter((row) => !row.hidden).map((row) => row.textContent);
document.body.dataset.clicked = [
  up.length === all && up.every((value, i) => i === 0 || up[i - 1] <= value),
  down.length === all && down.every((value, i) => i === 0 || down[i - 1] >= value),
  0 < shown.length && shown.length < all,
  shown.every((text) => text.includes("sum") && text.includes("outside")),
].join(" ");
</script>"#;

#[test]
fn the_page_is_whole_and_opens_without_errors() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "--only",
        "dispatch,pool,scaling",
        "--quick",
        "--rounds",
        "1",
        "--out",
        ".",
    ];
    let ended = bench_suite(folder.path(), &arguments);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let page = folder.path().join("report.html");
    let html = std::fs::read_to_string(&page).unwrap();
    for section in [
        "crossover",
        "regret",
        "scaling",
        "pool",
        "results",
        "comparisons",
        "machine",
    ] {
        assert!(
            html.contains(&format!("<section id=\"{section}\">")),
            "{section}"
        );
    }
    // A lane per thread that ran a task, a block per task.
    assert!(html.contains("id=\"timeline\""));
    assert!(
        html.matches("<rect").count() >= 3 * 52,
        "blocks are missing"
    );
    // Nothing is fetched: no address, no imported file.
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        let cited = html
            .replace("http://www.w3.org", "")
            .replace("https://www.w3.org", "");
        assert!(!cited.contains(outside), "{outside}");
    }

    let profile = tempfile::tempdir().unwrap();
    let Some((dom, log)) = opened(&page, profile.path()) else {
        println!("not run: no browser ({})", BROWSERS.join(", "));
        return;
    };
    let errors: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(":CONSOLE"))
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert!(
        dom.contains("<body class=\"script\">"),
        "the script did not run: {log}"
    );
    let charts = html.matches("<figure class=\"chart\">").count();
    assert!(charts >= 5, "{charts}");
    assert_eq!(dom.matches("<figure class=\"chart\">").count(), charts);
    assert_eq!(dom.matches("role=\"img\"").count(), charts);

    let clicked = folder.path().join("clicked.html");
    std::fs::write(
        &clicked,
        html.replace("</body>", &format!("{CLICKS}</body>")),
    )
    .unwrap();
    let (dom, log) = opened(&clicked, profile.path()).expect("the browser was there");
    assert!(
        dom.contains("data-clicked=\"true true true true\""),
        "tables are not sorted or filtered: {log}"
    );
}
