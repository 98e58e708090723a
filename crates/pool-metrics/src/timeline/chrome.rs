//! A timeline as a file that trace viewers open.
//!
//! Decided here: the format is Chrome's trace events (`ph: X`, times in microseconds), which
//! Perfetto and `chrome://tracing` read; each thread has a row with its name.

use super::{Event, ThreadTimeline, Timeline};
use std::fmt::{self, Write as _};

impl Timeline {
    /// The timeline as Chrome trace JSON: write it to a file and open that in
    /// <https://ui.perfetto.dev>.
    ///
    /// Times are microseconds since the recorder was made, with three decimals, so exact to the
    /// nanosecond. The number of dropped tasks is in `otherData`.
    ///
    /// ```
    /// let recorder = pool_metrics::Recorder::new(1);
    /// recorder.start_timeline(100);
    /// drop(recorder.track("matmul"));
    /// let json = recorder.take_timeline().to_chrome_trace();
    /// assert!(json.contains(r#""name":"matmul""#));
    /// ```
    #[must_use]
    pub fn to_chrome_trace(&self) -> String {
        let mut json = String::from("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
        // Writing to a string cannot fail.
        let _ = self.write_events(&mut json);
        let _ = write!(
            json,
            "\n],\"otherData\":{{\"dropped_tasks\":{}}}}}\n",
            self.dropped()
        );
        json
    }

    fn write_events(&self, out: &mut String) -> fmt::Result {
        for (tid, thread) in self.threads.iter().enumerate() {
            let ThreadTimeline { name, events, .. } = thread;
            if tid > 0 {
                out.push_str(",\n");
            }
            write!(
                out,
                "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":{tid},\"args\":{{\"name\":{}}}}}",
                Quoted(name)
            )?;
            for event in events {
                let Event {
                    label,
                    start_ns,
                    duration_ns,
                    depth,
                } = *event;
                write!(
                    out,
                    ",\n{{\"ph\":\"X\",\"cat\":\"task\",\"name\":{},\"pid\":1,\"tid\":{tid},\"ts\":{},\"dur\":{},\"args\":{{\"depth\":{depth}}}}}",
                    Quoted(label),
                    Microseconds(start_ns),
                    Microseconds(duration_ns),
                )?;
            }
        }
        Ok(())
    }
}

/// Nanoseconds as microseconds, to the last digit.
struct Microseconds(u64);

impl fmt::Display for Microseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A JSON string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c < ' ' => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}
