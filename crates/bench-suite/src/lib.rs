//! Workloads, peers, statistics and reports.
